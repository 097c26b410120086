//! The intrinsic functions of the second interpreter: calls read from their text, one function after the other.
//!
//! Flows in: a call's text, and who finds paths. Flows out: a value, or why there is none. What hashes is somebody else's
//! library; everything else is written here from the functions' descriptions.

use super::json::Json;
use sha2::Digest;

/// An argument.
enum Argument<'t> {
    Literal(Json),
    Path(&'t str),
    Call(&'t str),
}

/// Why a call fails.
pub enum CallFault {
    /// A path found nothing.
    Missing(String),
    /// A function refused its arguments: the sentence after the call.
    Rejected(String),
    /// No reference says.
    Undefined,
}

/// Who finds paths, and is told which functions are called.
pub trait World {
    fn lookup(&mut self, path: &str) -> Option<Json>;
    fn called(&mut self, name: &str);
}

/// Evaluates a call.
pub fn call(text: &str, world: &mut dyn World) -> Result<Json, CallFault> {
    let open = text.find('(').unwrap_or(text.len());
    let (name, inside) = (&text[..open], &text[open + 1..text.len() - 1]);
    let mut values = Vec::new();
    for argument in arguments(inside) {
        values.push(match argument {
            Argument::Literal(value) => value,
            Argument::Path(path) => world.lookup(path).ok_or_else(|| CallFault::Missing(path.to_owned()))?,
            Argument::Call(inner) => call(inner, world)?,
        });
    }
    world.called(name);
    match apply(name, &values) {
        Ok(value) => Ok(value),
        Err(true) => Err(CallFault::Rejected(format!("Invalid arguments in {name}"))),
        Err(false) => Err(CallFault::Undefined),
    }
}

fn arguments(text: &str) -> Vec<Argument<'_>> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part {
            "true" => Argument::Literal(Json::Bool(true)),
            "false" => Argument::Literal(Json::Bool(false)),
            "null" => Argument::Literal(Json::Null),
            _ if part.starts_with('\'') => Argument::Literal(Json::text(&part[1..part.len() - 1])),
            _ if part.starts_with('$') => Argument::Path(part),
            _ if part.starts_with("States.") => Argument::Call(part),
            number => Argument::Literal(Json::Number(number.to_owned())),
        })
        .collect()
}

/// One function; `Err(true)` if it refuses, `Err(false)` if nothing says what it does.
fn apply(name: &str, arguments: &[Json]) -> Result<Json, bool> {
    let whole = |json: &Json| json.as_f64().ok_or(true).map(|n| n.trunc() as i64);
    match (name, arguments) {
        ("States.Format", [Json::Text(template), rest @ ..]) => format(template, rest),
        ("States.Array", values) => Ok(Json::List(values.to_vec())),
        ("States.ArrayLength", [Json::List(items)]) => Ok(Json::int(items.len() as i64)),
        ("States.ArrayGetItem", [Json::List(items), index]) => {
            let index = whole(index)?;
            match usize::try_from(index).ok().and_then(|i| items.get(i)) {
                Some(item) => Ok(item.clone()),
                // Seen recorded, for an empty array only.
                None if items.is_empty() && index >= 0 => Ok(Json::Null),
                None => Err(true),
            }
        }
        ("States.ArrayContains", [Json::List(items), wanted]) => {
            Ok(Json::Bool(items.iter().any(|item| item.java() == wanted.java())))
        }
        ("States.ArrayPartition", [Json::List(items), size]) => match usize::try_from(whole(size)?) {
            Ok(size) if size > 0 => {
                Ok(Json::List(items.chunks(size).map(|chunk| Json::List(chunk.to_vec())).collect()))
            }
            _ => Err(true),
        },
        ("States.ArrayRange", [from, to, step]) => range(whole(from)?, whole(to)?, whole(step)?),
        ("States.ArrayUnique", [Json::List(items)]) => unique(items),
        ("States.MathAdd", [a, b]) => {
            let half_up = |json: &Json| json.as_f64().map(|n| (n + 0.5).floor() as i64).ok_or(true);
            let sum = half_up(a)? + half_up(b)?;
            i32::try_from(sum).map(|sum| Json::int(i64::from(sum))).map_err(|_| true)
        }
        ("States.MathRandom", [from, to, seed @ ..]) if seed.len() < 2 => {
            let (from, to) = (whole(from)?, whole(to)?);
            match seed {
                _ if from >= to => Err(true),
                [seed] => Ok(Json::int(from + java_random(whole(seed)?, (to - from) as i32))),
                // One number alone is nobody's choice.
                [] if from + 1 == to => Ok(Json::int(from)),
                _ => Err(false),
            }
        }
        ("States.UUID", []) => Ok(Json::text("00000000-0000-4000-8000-000000000000")),
        ("States.Hash", [data, Json::Text(algorithm)]) => hash(&data.java(), algorithm).map(Json::Text).ok_or(true),
        ("States.Base64Encode", [Json::Text(text)]) => Ok(Json::Text(encode(text.as_bytes()))),
        ("States.Base64Decode", [Json::Text(text)]) => {
            Ok(Json::Text(String::from_utf8_lossy(&decode(text)).into_owned()))
        }
        ("States.JsonToString", [value]) => Ok(Json::Text(value.print())),
        ("States.StringToJson", [Json::Text(text)]) if text.trim_matches(' ').is_empty() => Ok(Json::Null),
        ("States.StringToJson", [Json::Text(text)]) => Json::parse(text).ok_or(true),
        ("States.StringSplit", [Json::Text(text), Json::Text(marks)]) => {
            let pieces = text.split(|c| marks.contains(c)).filter(|piece| !piece.is_empty());
            Ok(Json::List(pieces.map(Json::text).collect()))
        }
        // Anything but true is false.
        ("States.JsonMerge", [a @ Json::Object(_), Json::Object(b), deep]) if *deep != Json::Bool(true) => {
            let mut merged = a.clone();
            for (key, value) in b {
                merged.set(key, value.clone());
            }
            Ok(merged)
        }
        _ => Err(true),
    }
}

fn format(template: &str, values: &[Json]) -> Result<Json, bool> {
    let pieces: Vec<&str> = template.split("{}").collect();
    if template.replace("{}", "").contains(['{', '}', '\\']) {
        return Err(false);
    }
    if pieces.len() != values.len() + 1 {
        return Err(true);
    }
    let mut out = pieces[0].to_owned();
    for (value, piece) in values.iter().zip(&pieces[1..]) {
        out.push_str(&value.java());
        out.push_str(piece);
    }
    Ok(Json::Text(out))
}

fn range(from: i64, to: i64, step: i64) -> Result<Json, bool> {
    if step == 0 {
        return Err(true);
    }
    let (mut at, mut out) = (from, Vec::new());
    while (step > 0 && at <= to) || (step < 0 && at >= to) {
        out.push(Json::int(at));
        at += step;
        if out.len() > 1_000 {
            return Err(true);
        }
    }
    Ok(Json::List(out))
}

/// The order of a Java hash set, for what has a hash that everybody knows: small integers and texts. Others are left to
/// recordings.
fn unique(items: &[Json]) -> Result<Json, bool> {
    let mut kept: Vec<(u32, &Json)> = Vec::new();
    for item in items {
        let hash = match item {
            Json::Number(text) => text.parse::<i32>().map_err(|_| false)?,
            Json::Text(text) => {
                text.encode_utf16().fold(0i32, |h, unit| h.wrapping_mul(31).wrapping_add(i32::from(unit)))
            }
            _ => return Err(false),
        } as u32;
        if kept.iter().all(|(_, other)| *other != item) {
            kept.push(((hash ^ (hash >> 16)) & 15, item));
        }
    }
    if items.len() > 11 {
        return Err(false);
    }
    kept.sort_by_key(|(bucket, _)| *bucket);
    Ok(Json::List(kept.into_iter().map(|(_, item)| item.clone()).collect()))
}

/// `new java.util.Random(seed).nextInt(bound)`.
fn java_random(seed: i64, bound: i32) -> i64 {
    let mut state = (seed as u64 ^ 0x5DEECE66D) & ((1 << 48) - 1);
    let mut next = || {
        state = state.wrapping_mul(0x5DEECE66D).wrapping_add(11) & ((1 << 48) - 1);
        (state >> 17) as i64
    };
    let bound = i64::from(bound);
    if bound & (bound - 1) == 0 {
        return (bound * next()) >> 31;
    }
    loop {
        let bits = next();
        if bits - bits % bound + (bound - 1) < 1 << 31 {
            return bits % bound;
        }
    }
}

fn hash(text: &str, algorithm: &str) -> Option<String> {
    let digest = match algorithm {
        "MD5" => md5::Md5::digest(text).to_vec(),
        "SHA-1" => sha1::Sha1::digest(text).to_vec(),
        "SHA-256" => sha2::Sha256::digest(text).to_vec(),
        "SHA-384" => sha2::Sha384::digest(text).to_vec(),
        "SHA-512" => sha2::Sha512::digest(text).to_vec(),
        _ => return None,
    };
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().chain([0, 0].iter()).take(3).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        for n in 0..4 {
            let six = (bits >> (18 - 6 * n) & 63) as usize;
            out.push(if n <= chunk.len() { ALPHABET[six] as char } else { '=' });
        }
    }
    out
}

/// As a lenient MIME decoder: what is of no alphabet is skipped, padding may be missing.
fn decode(text: &str) -> Vec<u8> {
    let sixes: Vec<u32> = text
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| ALPHABET.iter().position(|a| *a == byte).map(|six| six as u32))
        .collect();
    let mut out = Vec::new();
    for chunk in sixes.chunks(4) {
        let bits = chunk.iter().fold(0u32, |bits, six| bits << 6 | six) << (6 * (4 - chunk.len()));
        out.extend((0..chunk.len().saturating_sub(1)).map(|n| (bits >> (16 - 8 * n)) as u8));
    }
    out
}
