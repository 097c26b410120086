//! `corpora/checkout`: a basket is looked at, everything in it wrapped while the card is charged, and a receipt written.

use crate::reader::{Reader, Workload};
use serde::de::IgnoredAny;
use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use simd_json::prelude::*;
use simd_json::tape::Value;
use std::borrow::Cow;

/// How often a bank that is busy is asked.
const ATTEMPTS: u64 = 3;

/// What is written again for each event.
#[derive(Default)]
pub struct Checkout {
    title: String,
}

#[derive(Deserialize)]
pub struct Event<'l> {
    id: u64,
    #[serde(borrow)]
    customer: Customer<'l>,
    #[serde(borrow)]
    currency: Cow<'l, str>,
    #[serde(borrow)]
    items: Vec<Item<'l>>,
    #[serde(default)]
    total_cents: Option<i64>,
    #[serde(borrow)]
    payment: Payment<'l>,
    #[serde(borrow)]
    ship: Ship<'l>,
    #[serde(default, deserialize_with = "is_there")]
    blocked: bool,
}

#[derive(Deserialize)]
struct Customer<'l> {
    #[serde(borrow)]
    name: Cow<'l, str>,
}

#[derive(Deserialize)]
struct Item<'l> {
    #[serde(borrow)]
    sku: Cow<'l, str>,
    qty: u64,
    cents: i32,
    wrap_cents: i32,
}

#[derive(Deserialize)]
struct Payment<'l> {
    #[serde(borrow)]
    card: Cow<'l, str>,
    limit_cents: i64,
    #[serde(default)]
    busy: u64,
}

#[derive(Deserialize)]
struct Ship<'l> {
    #[serde(borrow)]
    city: Cow<'l, str>,
}

/// Whatever it is, a member that is there blocks.
fn is_there<'l, D: Deserializer<'l>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[derive(Serialize)]
struct TurnedAway {
    order: u64,
    turned_away: bool,
}

#[derive(Serialize)]
struct Receipt<'a> {
    order: u64,
    title: &'a str,
    items: Items<'a>,
    payment: Paid<'a>,
    city: &'a str,
}

#[derive(Serialize)]
struct Wrapped<'a> {
    sku: &'a str,
    qty: u64,
    #[serde(serialize_with = "sum")]
    cents: (i32, i32),
}

/// What both come to, unless it is more than 32 bits hold: then there is no reply.
fn sum<S: Serializer>((a, b): &(i32, i32), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i32(a.checked_add(*b).ok_or_else(|| S::Error::custom("more cents than 32 bits hold"))?)
}

#[derive(Serialize)]
#[serde(untagged)]
enum Paid<'a> {
    Card { paid: i64, card: &'a str },
    Nothing { paid: u64, why: &'static str },
}

/// The items, wrapped as they are written.
struct Items<'a>(&'a [Item<'a>]);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items = self.0.iter();
        serializer.collect_seq(items.map(|Item { sku, qty, cents, wrap_cents }| Wrapped {
            sku,
            qty: *qty,
            cents: (*cents, *wrap_cents),
        }))
    }
}

/// What the card is charged, after as many attempts as it takes.
fn debit<'a>(cents: i64, payment: &'a Payment<'_>) -> Paid<'a> {
    match payment {
        Payment { limit_cents, .. } if cents > *limit_cents => Paid::Nothing { paid: 0, why: "Card.Declined" },
        Payment { busy: ATTEMPTS.., .. } => Paid::Nothing { paid: 0, why: "Bank.Busy" },
        Payment { card, .. } => Paid::Card { paid: cents, card },
    }
}

impl Workload for Checkout {
    type Event<'l> = Event<'l>;

    fn from_tape<'l>(value: Value<'_, 'l>) -> Option<Event<'l>> {
        let event = value.as_object()?;
        let payment = event.get("payment")?.as_object()?;
        let text = |value: Option<Value<'_, 'l>>| value?.into_string().map(Cow::Borrowed);
        let item = |value: Value<'_, 'l>| {
            let item = value.as_object()?;
            Some(Item {
                sku: text(item.get("sku"))?,
                qty: item.get("qty")?.as_u64()?,
                cents: item.get("cents")?.as_i32()?,
                wrap_cents: item.get("wrap_cents")?.as_i32()?,
            })
        };
        Some(Event {
            id: event.get("id")?.as_u64()?,
            customer: Customer { name: text(event.get("customer")?.as_object()?.get("name"))? },
            currency: text(event.get("currency"))?,
            items: event.get("items")?.as_array()?.iter().map(item).collect::<Option<_>>()?,
            total_cents: event.get("total_cents").and_then(|cents| cents.as_i64()),
            payment: Payment {
                card: text(payment.get("card"))?,
                limit_cents: payment.get("limit_cents")?.as_i64()?,
                busy: payment.get("busy").and_then(|busy| busy.as_u64()).unwrap_or(0),
            },
            ship: Ship { city: text(event.get("ship")?.as_object()?.get("city"))? },
            blocked: event.get("blocked").is_some(),
        })
    }

    fn answer<R: Reader>(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> bool {
        let cents = match event.total_cents {
            Some(cents) if cents > 0 && matches!(&*event.currency, "EUR" | "SEK") && !event.blocked => cents,
            _ => return R::write(&TurnedAway { order: event.id, turned_away: true }, out),
        };
        self.title.clear();
        self.title.push_str("Order ");
        self.title.push_str(itoa::Buffer::new().format(event.id));
        self.title.push_str(" for ");
        self.title.push_str(&event.customer.name);
        let receipt = Receipt {
            order: event.id,
            title: &self.title,
            items: Items(&event.items),
            payment: debit(cents, &event.payment),
            city: &event.ship.city,
        };
        R::write(&receipt, out)
    }
}
