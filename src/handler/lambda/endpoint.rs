//! Functions behind somebody else's Invoke API: LocalStack, SAM's `start-lambda`, or anything that speaks like them.
//!
//! Flows in: an event. Flows out: what the service answers. Plain HTTP, connections that stay open, one for each call that
//! is under way. Requests are not signed, but they say for whom they would be: some services that stand in for many, moto
//! for one, know by nothing else that Lambda is meant, and in which region a function is. It must never send an event again that the service may have taken.

use super::super::function::{Call, Event, Function as Behind, FunctionError};
use super::super::waiting::Pending;
use super::aside::Aside;
use super::http::{Connection, Message, is_late};
use super::{Invocation, Invoke, Options, answer, placed};
use crate::value::{Value, tree};
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long it may take to connect.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A service that invokes functions, behind all names that nobody else stands behind.
///
/// ```no_run
/// use expressway::Handlers;
/// use expressway::handler::lambda::{Endpoint, Options};
/// let service = Endpoint::new("http://localhost:4566", &Options::new())?;
/// let handlers = Handlers::new().otherwise(service.into());
/// # Ok::<(), expressway::handler::lambda::EndpointError>(())
/// ```
pub struct Endpoint {
    service: Arc<Service>,
    aside: Aside,
    timeout: Duration,
}

/// Why an address is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is no address of plain HTTP.
    #[error("{url}: expected http://HOST:PORT (requests are not encrypted)")]
    Address {
        /// The address.
        url: String,
    },
}

impl Endpoint {
    /// A service at an address such as `http://localhost:4566`; of the options count the time limit and, for calls in real
    /// time, the workers.
    ///
    /// # Errors
    ///
    /// An address that is none, or not one of plain HTTP. Whether anybody is there turns out with the first call.
    pub fn new(url: &str, options: &Options) -> Result<Endpoint, EndpointError> {
        let wrong = || EndpointError::Address { url: url.to_owned() };
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (host, base) = rest.split_once('/').unwrap_or((rest, ""));
        let port = |text: &str| text.parse::<u16>().is_ok();
        let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let has_port = host.rsplit_once(':').is_some_and(|(_, text)| port(text)) && !host.ends_with(']');
        let visible = url.bytes().all(|byte| byte.is_ascii_graphic());
        if bare.is_empty() || !visible || host.contains('@') || (!has_port && bare != host && !host.ends_with(']')) {
            return Err(wrong());
        }
        let address = if has_port { host.to_owned() } else { format!("{host}:80") };
        let base = base.trim_end_matches('/');
        let base = if base.is_empty() { String::new() } else { format!("/{base}") };
        let service = Service { url: url.to_owned(), host: host.to_owned(), address, base, idle: Mutex::default() };
        let aside = Aside::new(options.workers);
        Ok(Endpoint { service: Arc::new(service), aside, timeout: options.timeout })
    }
}

impl From<Endpoint> for Arc<dyn Behind> {
    fn from(endpoint: Endpoint) -> Arc<dyn Behind> {
        Arc::new(endpoint)
    }
}

impl Behind for Endpoint {
    fn call<'a>(&self, event: Event<'a>, call: &Call<'a>) -> Result<Value<'a>, FunctionError> {
        placed(self.service.invoke(&Invocation::of(event, call, self.timeout)), call)
    }

    fn begin(&self, event: Event<'_>, call: &Call<'_>) -> Option<Pending> {
        Some(self.aside.begin(&self.service, Invocation::of(event, call, self.timeout)))
    }
}

struct Service {
    url: String,
    host: String,
    address: String,
    base: String,
    /// Connections that nobody uses.
    idle: Mutex<Vec<Connection>>,
}

impl Invoke for Service {
    fn invoke(&self, call: &Invocation) -> Result<String, FunctionError> {
        let deadline = Instant::now() + call.limit;
        let request = self.request(call);
        match self.exchange(&request, deadline) {
            Ok(answer) => read(answer, call),
            Err(error) if is_late(&error) => Err(call.late()),
            Err(error) => Err(failed("Lambda.SdkClientException", format!("{}: {error}", self.url))),
        }
    }
}

impl Service {
    fn request(&self, call: &Invocation) -> Vec<u8> {
        let mut path = format!("{}/2015-03-31/functions/", self.base);
        escape(&call.name, &mut path);
        path.push_str("/invocations");
        if let Some(qualifier) = &call.qualifier {
            path.push_str("?Qualifier=");
            escape(qualifier, &mut path);
        }
        let mut request = Vec::with_capacity(call.event.len() + 512);
        // Writing into memory does not fail.
        let _ = write!(
            request,
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             X-Amz-Invocation-Type: RequestResponse\r\n",
            self.host,
            call.event.len()
        );
        // The state's region, if it names one. Nobody can check such a signature, and nobody here is meant to.
        let region = call.arn.split(':').nth(3).filter(|region| is_region(region)).unwrap_or("us-east-1");
        let _ = write!(
            request,
            "Authorization: AWS4-HMAC-SHA256 Credential=test/20200101/{region}/lambda/aws4_request, SignedHeaders=host, \
             Signature=none\r\n"
        );
        if let Some(context) = &call.client_context {
            use base64::Engine;
            let context = base64::engine::general_purpose::STANDARD.encode(context);
            let _ = write!(request, "X-Amz-Client-Context: {context}\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(call.event.as_bytes());
        request
    }

    fn exchange(&self, request: &[u8], deadline: Instant) -> io::Result<Message> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) if connection.is_open() => connection,
            _ => Connection::new(self.connect(deadline)?)?,
        };
        connection.send(request, deadline)?;
        let gone = || io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed without an answer");
        let answer = connection.receive(deadline)?.ok_or_else(gone)?;
        if !answer.is_last() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(answer)
    }

    fn connect(&self, deadline: Instant) -> io::Result<TcpStream> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the host has no address");
        for address in self.address.to_socket_addrs()? {
            let address: SocketAddr = address;
            let left = deadline.saturating_duration_since(Instant::now()).min(CONNECT_MAX);
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => return Ok(stream),
                // Nobody there is another thing than a function that takes too long.
                Err(error) if is_late(&error) => last = io::Error::other("nobody answers"),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// What an answer of the Invoke API means.
fn read(answer: Message, call: &Invocation) -> Result<String, FunctionError> {
    let status = answer.first.split(' ').nth(1).unwrap_or_default().to_owned();
    if status.starts_with('2') {
        return match answer.header("x-amz-function-error") {
            // "Handled" or "Unhandled" is not an error's name.
            Some(_) => Err(answer::report(answer.body, None)),
            None => answer::result(answer.body, answer.oversized),
        };
    }
    let named = answer.header("x-amzn-errortype").map(|name| name.split(':').next().unwrap_or(name).to_owned());
    let text = String::from_utf8_lossy(&answer.body);
    let node = tree::parse(&text).ok();
    let member = |keys: [&str; 2]| keys.iter().find_map(|key| Some(node.as_ref()?.get(key)?.as_str()?.to_owned()));
    let code = named.or_else(|| member(["__type", "Code"])).unwrap_or_else(|| match &*status {
        "404" => "ResourceNotFoundException".to_owned(),
        "429" => "TooManyRequestsException".to_owned(),
        status if status.starts_with('5') => "ServiceException".to_owned(),
        _ => "AWSLambdaException".to_owned(),
    });
    let code = code.rsplit('#').next().unwrap_or(&code).to_owned();
    let message = member(["message", "Message"]).unwrap_or_else(|| text.trim().to_owned());
    let cause = format!(
        "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: {}; Proxy: null)",
        call.id
    );
    Err(failed(&format!("Lambda.{code}"), cause))
}

fn failed(error: &str, cause: String) -> FunctionError {
    FunctionError::Failed { error: Some(error.to_owned()), cause: Some(cause) }
}

/// Whether a part of an ARN can stand in a header as a region.
fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Appends a text as a part of a path.
fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'$' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_of_plain_http() {
        let parts = |url: &str| {
            Endpoint::new(url, &Options::new()).map(|e| (e.service.address.clone(), e.service.base.clone()))
        };
        let known = |address: &str, base: &str| Ok((address.to_owned(), base.to_owned()));
        assert_eq!(parts("http://localhost:4566"), known("localhost:4566", ""));
        assert_eq!(parts("http://127.0.0.1:3001/"), known("127.0.0.1:3001", ""));
        assert_eq!(parts("http://[::1]:3001/a/b/"), known("[::1]:3001", "/a/b"));
        assert_eq!(parts("http://[::1]"), known("[::1]:80", ""));
        assert_eq!(parts("http://host"), known("host:80", ""));
        for wrong in ["localhost:4566", "https://localhost", "http://", "http://a:b", "http://u@h:1", "http://a b:1"] {
            let error = parts(wrong).expect_err(wrong);
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }
}
