//! JSON for the second interpreter: a plain tree that keeps the order of members and the text of numbers.
//!
//! It must share nothing with `expressway::value`: two readers that agree are the point.

use std::fmt::Write;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    pub fn int(number: i64) -> Json {
        Json::Number(number.to_string())
    }

    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }

    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub fn set(&mut self, key: &str, value: Json) {
        let Json::Object(members) = self else { return };
        match members.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value,
            None => members.push((key.to_owned(), value)),
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    pub fn as_f64(&self) -> Option<f64> {
        if let Json::Number(text) = self { text.parse().ok() } else { None }
    }

    /// A number such as 1.0.
    pub fn is_whole_but_written_otherwise(&self) -> bool {
        matches!(self, Json::Number(text) if text.contains('.') && self.as_f64().is_some_and(|n| n.fract() == 0.0))
    }

    pub fn as_list(&self) -> Option<&[Json]> {
        if let Json::List(items) = self { Some(items) } else { None }
    }

    /// Compact JSON.
    pub fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Json::Number(n) => out.push_str(n),
            Json::Text(t) => quote(t, out),
            Json::List(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (n, (key, value)) in members.iter().enumerate() {
                    out.push_str(if n > 0 { "," } else { "" });
                    quote(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Reads a text, plainly: numbers keep their digits, escapes are the short ones.
    pub fn parse(text: &str) -> Option<Json> {
        let mut rest = text;
        let value = read(&mut rest)?;
        rest.trim_start().is_empty().then_some(value)
    }

    /// As Java's `toString` prints it: what States.Format inserts.
    pub fn java(&self) -> String {
        match self {
            Json::Text(text) => text.clone(),
            Json::List(items) => format!("[{}]", items.iter().map(Json::java).collect::<Vec<_>>().join(", ")),
            Json::Object(members) => {
                let members: Vec<_> = members.iter().map(|(k, v)| format!("{k}={}", v.java())).collect();
                format!("{{{}}}", members.join(", "))
            }
            other => other.print(),
        }
    }
}

fn read(rest: &mut &str) -> Option<Json> {
    *rest = rest.trim_start_matches([' ', '\n', '\t', '\r']);
    for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
        if let Some(after) = rest.strip_prefix(word) {
            *rest = after;
            return Some(value);
        }
    }
    let eat = |rest: &mut &str, mark: char| {
        let after = rest.trim_start().strip_prefix(mark)?;
        *rest = after;
        Some(())
    };
    match rest.chars().next()? {
        '"' => read_text(rest).map(Json::Text),
        '[' => {
            let mut items = Vec::new();
            eat(rest, '[')?;
            if eat(rest, ']').is_some() {
                return Some(Json::List(items));
            }
            loop {
                items.push(read(rest)?);
                if eat(rest, ',').is_none() {
                    eat(rest, ']')?;
                    return Some(Json::List(items));
                }
            }
        }
        '{' => {
            let mut object = Json::Object(Vec::new());
            eat(rest, '{')?;
            if eat(rest, '}').is_some() {
                return Some(object);
            }
            loop {
                *rest = rest.trim_start();
                let key = read_text(rest)?;
                eat(rest, ':')?;
                let value = read(rest)?;
                object.set(&key, value);
                if eat(rest, ',').is_none() {
                    eat(rest, '}')?;
                    return Some(object);
                }
            }
        }
        _ => {
            let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
            let number = &rest[..end];
            *rest = &rest[end..];
            let digits = number.strip_prefix('-').unwrap_or(number);
            let led = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
            let good = digits.starts_with(|c: char| c.is_ascii_digit()) && !led && number.parse::<f64>().is_ok();
            good.then(|| Json::Number(number.to_owned()))
        }
    }
}

fn read_text(rest: &mut &str) -> Option<String> {
    let (mut out, mut escaped) = (String::new(), false);
    for (at, c) in rest.strip_prefix('"')?.char_indices() {
        match (escaped, c) {
            (true, 'n') => out.push('\n'),
            (true, 't') => out.push('\t'),
            (true, '"' | '\\' | '/') => out.push(c),
            (true, _) => return None,
            (false, '"') => {
                *rest = &rest[at + 2..];
                return Some(out);
            }
            (false, '\\') => {}
            (false, c) if c < ' ' => return None,
            (false, c) => out.push(c),
        }
        escaped = !escaped && c == '\\';
    }
    None
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
