//! As much of HTTP/1.1 as two programs on one machine need: messages with a length or in chunks, one after the other on a
//! connection that stays open.
//!
//! Flows in: a stream and a deadline. Flows out: the first line, headers, a body. Every part has a limit. It must never
//! wait beyond the deadline, and never keep a body that is over its limit, though it reads it to its end so that the
//! connection can go on.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The most bytes that a first line and headers may take: a runtime may tell of an error in a header of a megabyte.
const HEAD_BYTES_MAX: usize = 4 << 20;

/// The most bytes of a body that are kept: what Lambda takes as a reply (6 MiB and a little).
pub(super) const BODY_BYTES_MAX: usize = 6_291_556;

/// A connection, with what has been read beyond the last message.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A message without its line ends.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// `POST /path HTTP/1.1`, or `HTTP/1.1 200 OK`.
    pub first: String,
    headers: Vec<(String, String)>,
    /// The body, empty if it was over the limit.
    pub body: Vec<u8>,
    /// How long a body was that is not kept.
    pub oversized: Option<u64>,
}

impl Message {
    /// A header's value; names are in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Whether nothing follows on its connection.
    pub fn is_last(&self) -> bool {
        let closes = |value: &str| value.eq_ignore_ascii_case("close");
        self.header("connection").map_or(self.first.ends_with("HTTP/1.0"), closes)
    }

    fn length(&self) -> io::Result<Option<u64>> {
        let wrong = || malformed("a Content-Length that is no number");
        self.header("content-length").map(|value| value.parse().map_err(|_| wrong())).transpose()
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.to_owned())
}

/// Whether a failure says that the deadline has passed.
pub(super) fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Connection {
    /// Takes a stream; what is written to it is sent at once.
    pub fn new(stream: TcpStream) -> io::Result<Connection> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, read: Vec::new() })
    }

    /// Whether the other side, from whom nothing is expected, still holds the connection open.
    pub fn is_open(&self) -> bool {
        let quiet = |stream: &TcpStream| -> io::Result<bool> {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            Ok(matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock))
        };
        self.read.is_empty() && quiet(&self.stream).unwrap_or(false)
    }

    /// Sends bytes before the deadline.
    pub fn send(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.stream.set_write_timeout(Some(left(deadline)?))?;
        self.stream.write_all(bytes)
    }

    /// Reads the next message; nothing, if the other side has closed the connection instead.
    pub fn receive(&mut self, deadline: Instant) -> io::Result<Option<Message>> {
        let mut looked_at = 0;
        let head = loop {
            let from = looked_at.max(3) - 3;
            if let Some(at) = memchr::memmem::find(&self.read[from..], b"\r\n\r\n") {
                break from + at;
            }
            looked_at = self.read.len();
            if self.read.len() > HEAD_BYTES_MAX {
                return Err(malformed("headers of more than 4 MiB"));
            }
            if self.fill(deadline)? == 0 {
                return if self.read.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        };
        let mut message = parse(&self.read[..head])?;
        self.read.drain(..head + 4);
        if message.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n", deadline)?;
        }
        if message.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            self.chunks(&mut message, deadline)?;
        } else if let Some(length) = message.length()? {
            self.take(length, &mut message, deadline)?;
        } else if message.first.starts_with("HTTP/") && !has_no_body(&message.first) {
            // An answer without a length ends with its connection.
            while self.fill(deadline)? > 0 {
                self.hold(&mut message);
            }
            self.hold(&mut message);
            message.headers.push(("connection".to_owned(), "close".to_owned()));
        }
        Ok(Some(message))
    }

    /// Moves all that has been read to the body.
    fn hold(&mut self, message: &mut Message) {
        let length = self.read.len();
        keep(message, &self.read, length as u64);
        self.read.clear();
    }

    /// Takes so many bytes as a part of the body.
    fn take(&mut self, length: u64, message: &mut Message, deadline: Instant) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            if self.read.is_empty() && self.fill(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let here = self.read.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            keep(message, &self.read[..here], here as u64);
            self.read.drain(..here);
            left -= here as u64;
        }
        Ok(())
    }

    fn chunks(&mut self, message: &mut Message, deadline: Instant) -> io::Result<()> {
        loop {
            let line = self.line(deadline)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let length = u64::from_str_radix(digits, 16).map_err(|_| malformed("a chunk whose length is no number"))?;
            if length == 0 {
                // Trailers, up to an empty line.
                while !self.line(deadline)?.is_empty() {}
                return Ok(());
            }
            self.take(length, message, deadline)?;
            self.line(deadline)?;
        }
    }

    /// A line, without its end.
    fn line(&mut self, deadline: Instant) -> io::Result<String> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.read) {
                let line = String::from_utf8_lossy(&self.read[..end]).trim_end_matches('\r').to_owned();
                self.read.drain(..=end);
                return Ok(line);
            }
            if self.read.len() > HEAD_BYTES_MAX {
                return Err(malformed("a line of more than 4 MiB"));
            }
            if self.fill(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads on; how many bytes came.
    fn fill(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut block = [0; 16 << 10];
        loop {
            self.stream.set_read_timeout(Some(left(deadline)?))?;
            match self.stream.read(&mut block) {
                Ok(length) => {
                    self.read.extend_from_slice(&block[..length]);
                    return Ok(length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// How long there is until the deadline.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Appends to the body, unless that makes it too long.
fn keep(message: &mut Message, bytes: &[u8], length: u64) {
    match &mut message.oversized {
        Some(total) => *total += length,
        None if message.body.len() + bytes.len() > BODY_BYTES_MAX => {
            message.oversized = Some(message.body.len() as u64 + length);
            message.body = Vec::new();
        }
        None => message.body.extend_from_slice(bytes),
    }
}

fn has_no_body(status_line: &str) -> bool {
    let status = status_line.split(' ').nth(1).unwrap_or_default();
    status.starts_with('1') || ["204", "304"].contains(&status)
}

fn parse(head: &[u8]) -> io::Result<Message> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    if !first.contains("HTTP/1.") {
        return Err(malformed("no message of HTTP/1"));
    }
    let mut message = Message { first, ..Message::default() };
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("a header without a colon"))?;
        message.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(message)
}

/// A text as a header can hold it: without control characters.
pub(super) fn header_text(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What a connection makes of bytes, sent in pieces of a given size, after which the other side goes away.
    fn received(bytes: &[u8], piece: usize) -> Vec<io::Result<Option<Message>>> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let bytes = bytes.to_vec();
        let sender = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(address).expect("it listens");
            for piece in bytes.chunks(piece) {
                stream.write_all(piece).expect("it reads");
                stream.flush().expect("it reads");
            }
        });
        let (stream, _) = listener.accept().expect("somebody connects");
        let mut connection = Connection::new(stream).expect("it is a connection");
        let mut all = Vec::new();
        loop {
            let message = connection.receive(Instant::now() + Duration::from_secs(60));
            let ends = !matches!(message, Ok(Some(_)));
            all.push(message);
            if ends {
                sender.join().expect("the sender ends");
                return all;
            }
        }
    }

    #[test]
    fn messages_follow_one_another_however_they_are_cut() {
        let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\nX: y z \r\n\r\nabcGET /b HTTP/1.1\r\n\r\n\
            POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nde\r\n1\r\nf\r\n0\r\nT: 1\r\n\r\n";
        for piece in [1, 7, 1_000] {
            let all = received(bytes, piece);
            let texts: Vec<_> = all
                .iter()
                .flatten()
                .flatten()
                .map(|m| (m.first.as_str(), String::from_utf8_lossy(&m.body).into_owned(), m.header("x")))
                .collect();
            let text = |text: &str| text.to_owned();
            assert_eq!(
                texts,
                [
                    ("POST /a HTTP/1.1", text("abc"), Some("y z")),
                    ("GET /b HTTP/1.1", text(""), None),
                    ("POST /c HTTP/1.1", text("def"), None)
                ]
            );
            assert!(matches!(all.last(), Some(Ok(None))));
        }
    }

    #[test]
    fn an_answer_without_a_length_ends_with_its_connection() {
        let all = received(b"HTTP/1.1 200 OK\r\n\r\nall of it", 4);
        let message = all[0].as_ref().expect("it is read").as_ref().expect("it is there");
        assert_eq!((&*message.body, message.is_last()), (&b"all of it"[..], true));
        let all = received(b"HTTP/1.1 204 No Content\r\n\r\n", 4);
        assert!(all[0].as_ref().is_ok_and(|m| m.as_ref().is_some_and(|m| m.body.is_empty() && !m.is_last())));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for wrong in [
            &b"hello\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
            b"GET / HTT",
        ] {
            assert!(received(wrong, 100)[0].is_err(), "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn a_body_over_the_limit_is_read_but_not_kept() {
        let mut bytes = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", BODY_BYTES_MAX + 1).into_bytes();
        bytes.resize(bytes.len() + BODY_BYTES_MAX + 1, b'x');
        bytes.extend_from_slice(b"GET /next HTTP/1.1\r\n\r\n");
        let all: Vec<Message> = received(&bytes, 1 << 20).into_iter().flatten().flatten().collect();
        assert_eq!((all[0].oversized, all[0].body.len()), (Some(BODY_BYTES_MAX as u64 + 1), 0));
        assert_eq!(all[1].first, "GET /next HTTP/1.1");
    }
}
