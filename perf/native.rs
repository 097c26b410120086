//! The whole command around the functions of `which-coat`, `etl`, `orders` and `checkout` of `corpora/` in Rust: they answer
//! what their namesakes under `handlers/` answer, byte for byte, so that the two ways to write a function can be compared; only
//! what they say of an event that lacks a member is worded otherwise.
//!
//! ```text
//! cargo run --release --example native -- run corpora/orders
//! ```

use expressway::handler::function::{Call, Event, FunctionError};
use expressway::handler::written::{Writer, Written};
use expressway::value::Value;
use expressway::{Runner, constant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Reply<'a> = Result<Value<'a>, FunctionError>;

fn main() -> ExitCode {
    Runner::new()
        .written("wear_heavy_coat", advise(constant!("You should wear a heavy coat today.")))
        .written("wear_light_jacket", advise(constant!("You should wear a light jacket today.")))
        .written("no_coat", advise(constant!("You need no coat today.")))
        .lambda("reserve", reserve)
        .lambda("charge", charge)
        .lambda("wrap", wrap)
        .lambda("debit", debit)
        .lambda("normalize", normalize)
        .lambda("summarize", summarize)
        .lambda("place", place)
        .cli()
}

/// A member that has to be there.
#[inline]
fn member<'a>(event: Event<'a>, key: &str) -> Result<Event<'a>, FunctionError> {
    event.get(key).ok_or_else(|| FunctionError::new("KeyError", format!("'{key}'")))
}

#[inline]
fn text<'a>(event: Event<'a>, key: &str) -> Result<&'a str, FunctionError> {
    member(event, key)?.as_str().ok_or_else(|| FunctionError::new("TypeError", format!("'{key}' is no string")))
}

#[inline]
fn integer(event: Event<'_>, key: &str) -> Result<i64, FunctionError> {
    member(event, key)?.as_i64().ok_or_else(|| FunctionError::new("TypeError", format!("'{key}' is no integer")))
}

/// A function that gives that advice: one function for each piece of it, and all are made of the same code.
fn advise(
    message: Value<'static>,
) -> impl for<'a, 'w> Fn(Event<'a>, &Call<'a>, Writer<'w>) -> Result<Written<'w>, FunctionError> + Send + Sync {
    move |event, _, reply| Ok(reply.record([("Weather", member(event, "Weather")?.value()), ("Message", message)]))
}

fn reserve<'a>(event: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    let item = member(event, "item")?;
    let sku = member(item, "sku")?;
    let name = sku.as_str().ok_or_else(|| FunctionError::new("TypeError", "'sku' is no string"))?;
    if name.starts_with("GONE-") {
        return Err(FunctionError::new("Stock.Gone", name));
    }
    let attempt = member(event, "attempt")?.as_i64().unwrap_or(0);
    if item.get("busy").and_then(Event::as_i64).is_some_and(|busy| attempt < busy) {
        return Err(FunctionError::new("Stock.Busy", format!("attempt {attempt}")));
    }
    let number = member(event, "n")?.as_i64().unwrap_or(0) + 1;
    let shelf = call.concat(&[itoa::Buffer::new().format(number), "-", name]);
    Ok(call.record([("sku", sku.value()), ("qty", member(item, "qty")?.value()), ("shelf", shelf)]))
}

fn charge<'a>(event: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    let (cents, payment) = (member(event, "cents")?, member(event, "payment")?);
    if text(payment, "method")? == "invoice" {
        return Ok(call.record([("charged", cents.value()), ("by", constant!("invoice"))]));
    }
    let amount = cents.as_i64().unwrap_or(0);
    match payment.get("limit_cents").and_then(Event::as_i64) {
        Some(limit) if amount > limit => {
            Err(FunctionError::new("Payment.Declined", format!("{amount} is above {limit}")))
        }
        _ => {
            let by = call.concat(&["card of ", text(payment, "holder")?]);
            Ok(call.record([("charged", cents.value()), ("by", by)]))
        }
    }
}

fn wrap<'a>(item: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    let too_much = || FunctionError::new("OverflowError", "more cents than 32 bits hold");
    let cents = |key| i32::try_from(integer(item, key)?).map_err(|_| too_much());
    let cents = cents("cents")?.checked_add(cents("wrap_cents")?).ok_or_else(too_much)?;
    Ok(call.record([
        ("sku", member(item, "sku")?.value()),
        ("qty", member(item, "qty")?.value()),
        ("cents", Value::Int(cents.into())),
    ]))
}

fn debit<'a>(event: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    let (cents, payment) = (member(event, "cents")?, member(event, "payment")?);
    let (amount, limit) = (integer(event, "cents")?, integer(payment, "limit_cents")?);
    if amount > limit {
        return Err(FunctionError::new("Card.Declined", format!("{amount} is above {limit}")));
    }
    let attempt = integer(event, "attempt")?;
    if payment.get("busy").and_then(Event::as_i64).is_some_and(|busy| attempt < busy) {
        return Err(FunctionError::new("Bank.Busy", format!("attempt {attempt}")));
    }
    Ok(call.record([("paid", cents.value()), ("card", member(payment, "card")?.value())]))
}

#[derive(Deserialize)]
struct Station<'e> {
    #[serde(borrow)]
    name: Cow<'e, str>,
    #[serde(borrow)]
    place: Place<'e>,
    #[serde(borrow)]
    tags: Vec<Cow<'e, str>>,
}

#[derive(Deserialize)]
struct Place<'e> {
    #[serde(borrow)]
    country: Cow<'e, str>,
}

#[derive(Serialize)]
struct Normalized<'a> {
    name: &'a str,
    slug: String,
    country: &'a str,
    tags: Vec<&'a [Cow<'a, str>]>,
}

fn normalize<'a>(event: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    let station: Station<'a> = event.parse()?;
    let words: Vec<&str> = station.name.split([' ', ',', '/']).filter(|word| !word.is_empty()).collect();
    let first = words.first().ok_or_else(|| FunctionError::new("IndexError", "a station without a name"))?;
    call.json(&Normalized {
        name: &station.name,
        slug: format!("{first}.{}", words.len()),
        country: &station.place.country,
        tags: station.tags.chunks(3).collect(),
    })
}

fn summarize<'a>(event: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    let (readings, slug) = (member(event, "readings")?, member(event, "slug")?);
    let (mut count, mut last, mut frost) = (0u64, None, Vec::new());
    for reading in readings.elements() {
        let celsius = member(reading, "t")?;
        if celsius.as_f64().is_some_and(|celsius| celsius < 0.0) {
            frost.push(member(reading, "at")?.value());
        }
        (count, last) = (count + 1, Some(celsius.value()));
    }
    let (Some(first), Some(last)) = (readings.at(0), last) else {
        return Err(FunctionError::new("Reading.None", format!("{} has no readings", text(event, "slug")?)));
    };
    Ok(call.record([
        ("count", call.json(&count)?),
        ("first", first.value()),
        ("last", last),
        ("frost", call.array(&frost)),
        ("by", slug.value()),
    ]))
}

fn place<'a>(event: Event<'a>, call: &Call<'a>) -> Reply<'a> {
    Ok(match text(event, "country")? {
        "SE" | "NO" | "FI" => call.record([("warehouse", call.text("north")), ("system", call.text("lake"))]),
        country if country < "F" => call.record([("warehouse", call.text("west"))]),
        _ => call.record([
            ("warehouse", call.text("rest")),
            ("country", member(event, "country")?.value()),
            ("batch", member(event, "batch")?.value()),
        ]),
    })
}
