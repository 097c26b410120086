//! Writing JSON objects member by member.

use crate::value::text;

/// An object being written: members in the order in which they come.
#[derive(Debug)]
pub struct ObjectWriter {
    out: Vec<u8>,
}

impl Default for ObjectWriter {
    fn default() -> Self {
        ObjectWriter { out: vec![b'{'] }
    }
}

impl ObjectWriter {
    /// An object without members.
    pub fn new() -> ObjectWriter {
        ObjectWriter::default()
    }

    /// A member whose value is JSON text already.
    pub fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        text::write_string(key, &mut self.out);
        self.out.push(b':');
        self.out.extend_from_slice(json.as_bytes());
        self
    }

    /// A member whose value is a string.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.raw(key, &quoted(value))
    }

    /// A member whose value is a string, if there is one.
    pub fn optional_text(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(key, value);
        }
        self
    }

    /// A member whose value is a number or boolean.
    pub fn plain(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        self.raw(key, &value.to_string())
    }

    /// The text of the object.
    pub fn finish(mut self) -> String {
        self.out.push(b'}');
        // Every part was text.
        String::from_utf8(self.out).unwrap_or_default()
    }
}

/// A string as JSON.
pub fn quoted(value: &str) -> String {
    let mut out = Vec::with_capacity(value.len() + 2);
    text::write_string(value, &mut out);
    // Escaping text gives text.
    String::from_utf8(out).unwrap_or_default()
}

/// An array of JSON texts.
pub fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}
