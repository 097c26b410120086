//! What services wrap around messages, and how to take it off again.
//!
//! Flows in: one JSON document. Flows out: the messages in it, each as it stands there or as the text that a string or
//! base64 holds. Both what a Lambda function is given and what a service itself delivers are known, where they differ. It
//! must never pass a document on as if it had been unwrapped: what is no such envelope is told.

use super::pointer::{Pointer, member};
use crate::value::raw::{Elements, Members};

/// A service's way of wrapping messages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Envelope {
    /// A string that holds JSON.
    Json,
    /// `Records`, each of which is an event: S3's notifications, DynamoDB's streams.
    Records,
    /// SQS: the body of each message.
    Sqs,
    /// SNS: the message of each notification.
    Sns,
    /// EventBridge: the detail.
    EventBridge,
    /// Kinesis data streams: the data of each record, base64.
    Kinesis,
    /// Firehose, as it hands records to a transformation: the data of each record, base64.
    Firehose,
    /// Kafka (MSK): the value of each record, base64.
    Kafka,
    /// A batch of CloudWatch Logs, as a subscription delivers it: each log event's message.
    Logs,
    /// Such a batch as a Lambda function is given it, packed: to be followed by [`Logs`](Envelope::Logs).
    AwsLogs,
    /// API Gateway, function URLs: the body of a request.
    Http,
    /// What stands there; of a string the JSON that it holds, as of a column of JSON texts.
    At(Pointer),
}

/// What stands in an envelope: the part of it that is one message, and where its content is.
pub(super) struct Inner<'t> {
    pub item: &'t str,
    pub content: Content<'t>,
}

/// How a message's content is stored.
pub(super) enum Content<'t> {
    Plain(&'t str),
    /// A string, quotes included, that holds JSON.
    Text(&'t str),
    /// A string, quotes included, that holds JSON in base64, perhaps packed by gzip.
    Base64(&'t str),
}

/// Something that is no message: where it stands, and why it is none.
pub(super) type Misfit<'t> = (&'t str, &'static str);

impl Envelope {
    /// All of them, by the names that they have on the command line.
    pub const ALL: [(&'static str, Envelope); 12] = [
        ("json", Envelope::Json),
        ("sqs", Envelope::Sqs),
        ("sns", Envelope::Sns),
        ("eventbridge", Envelope::EventBridge),
        ("s3", Envelope::Records),
        ("records", Envelope::Records),
        ("kinesis", Envelope::Kinesis),
        ("firehose", Envelope::Firehose),
        ("kafka", Envelope::Kafka),
        ("logs", Envelope::Logs),
        ("awslogs", Envelope::AwsLogs),
        ("http", Envelope::Http),
    ];

    /// The envelope of that name.
    pub fn named(name: &str) -> Option<Envelope> {
        Envelope::ALL.iter().find(|(known, _)| *known == name).map(|(_, envelope)| envelope.clone())
    }

    /// Hands out what is in a document, which must be JSON.
    pub(super) fn open<'t>(&self, text: &'t str, take: &mut dyn FnMut(Result<Inner<'t>, Misfit<'t>>)) {
        let mut take = |item, content: Option<Content<'t>>, why| {
            take(content.map(|content| Inner { item, content }).ok_or((item, why)));
        };
        match self {
            Envelope::Json => take(text, string(Some(text)).map(Content::Text), "it is no string that holds JSON"),
            Envelope::Records => match items(text, &["Records"]) {
                Some(items) => items.for_each(|item| take(item, Some(Content::Plain(item)), "")),
                None => take(text, None, "there is no array Records in it"),
            },
            Envelope::Sqs => each(text, &["Records", "Messages"], |item| {
                let body = string(member(item, "body").or_else(|| member(item, "Body")));
                take(item, body.map(Content::Text), "it is no SQS message: it has neither a body nor Records");
            }),
            Envelope::Sns => each(text, &["Records"], |item| {
                let message = member(item, "Sns").map_or_else(|| member(item, "Message"), |sns| member(sns, "Message"));
                take(
                    item,
                    string(message).map(Content::Text),
                    "it is no SNS notification: it has neither a Message nor Records",
                );
            }),
            Envelope::EventBridge => {
                take(text, member(text, "detail").map(Content::Plain), "it is no EventBridge event: it has no detail");
            }
            Envelope::Kinesis => each(text, &["Records"], |item| {
                let data = member(item, "kinesis").map_or_else(|| member(item, "Data"), |inner| member(inner, "data"));
                take(item, string(data).map(Content::Base64), "it is no Kinesis record: it has no data");
            }),
            Envelope::Firehose => each(text, &["records"], |item| {
                take(
                    item,
                    string(member(item, "data")).map(Content::Base64),
                    "it is no Firehose record: it has no data",
                );
            }),
            Envelope::Kafka => match member(text, "records") {
                Some(topics) if topics.starts_with('{') => {
                    for item in Members::new(topics).flat_map(|(_, records)| Elements::new(records)) {
                        let value = string(member(item, "value")).map(Content::Base64);
                        take(item, value, "it is no Kafka record: it has no value");
                    }
                }
                _ => take(text, None, "it is no batch of Kafka records: it has no records by topic"),
            },
            // Sent once, to see whether somebody is there.
            Envelope::Logs if string_is(member(text, "messageType"), "CONTROL_MESSAGE") => {}
            Envelope::Logs => match items(text, &["logEvents"]) {
                Some(items) => items.for_each(|item| {
                    let message = string(member(item, "message"));
                    take(item, message.map(Content::Text), "it is no log event: it has no message");
                }),
                None => take(text, None, "it is no batch of log events: it has no logEvents"),
            },
            Envelope::AwsLogs => {
                let data = member(text, "awslogs").and_then(|inner| string(member(inner, "data")));
                take(text, data.map(Content::Base64), "it has no awslogs.data");
            }
            Envelope::At(pointer) => {
                let content = pointer.find(text).map(|found| match found.starts_with('"') {
                    true => Content::Text(found),
                    false => Content::Plain(found),
                });
                take(text, content, "there is nothing where the message should be");
            }
            Envelope::Http => {
                let body = string(member(text, "body"));
                let content = match member(text, "isBase64Encoded") {
                    Some("true") => body.map(Content::Base64),
                    _ => body.map(Content::Text),
                };
                take(text, content, "it is no HTTP request: it has no body");
            }
        }
    }
}

/// The items of the first of these arrays that there is.
fn items<'t>(text: &'t str, names: &[&str]) -> Option<Elements<'t>> {
    names.iter().find_map(|name| member(text, name)).filter(|array| array.starts_with('[')).map(Elements::new)
}

/// The items of the first of these arrays that there is; without one the document itself.
fn each<'t>(text: &'t str, names: &[&str], mut take: impl FnMut(&'t str)) {
    match items(text, names) {
        Some(items) => items.for_each(take),
        None => take(text),
    }
}

fn string(value: Option<&str>) -> Option<&str> {
    value.filter(|text| text.starts_with('"'))
}

fn string_is(value: Option<&str>, wanted: &str) -> bool {
    value.is_some_and(|text| crate::value::raw::unquote(text) == wanted)
}
