//! `corpora/orders`: an order is looked at, every item reserved while the payment is charged, and a receipt written.
//!
//! What the workflow does in virtual time is done here with two counters: items are reserved four at a time, and one that
//! keeps the store busy is tried again after 2 and after 4 seconds more.

use crate::reader::{Reader, Workload};
use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use simd_json::prelude::*;
use simd_json::tape::Value;
use std::borrow::Cow;
use std::fmt::Write;

/// What is written again for each event.
#[derive(Default)]
pub struct Orders {
    key: String,
    title: String,
    at: String,
    by: String,
    label: String,
    /// The shelves' names one after the other, and where each ends; an empty one is on back-order.
    shelves: String,
    shelf_ends: Vec<usize>,
}

#[derive(Deserialize)]
pub struct Event<'l> {
    id: u64,
    #[serde(borrow)]
    placed: Cow<'l, str>,
    #[serde(borrow)]
    customer: Customer<'l>,
    #[serde(borrow)]
    items: Vec<Item<'l>>,
    total_cents: u64,
    #[serde(borrow)]
    payment: Payment<'l>,
    #[serde(borrow)]
    ship: Ship<'l>,
    #[serde(borrow, default)]
    coupon: Option<Cow<'l, str>>,
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
    price_cents: u64,
    #[serde(default)]
    busy: u64,
}

#[derive(Deserialize)]
struct Payment<'l> {
    #[serde(borrow)]
    method: Cow<'l, str>,
    #[serde(borrow, default)]
    holder: Cow<'l, str>,
    #[serde(default)]
    limit_cents: Option<u64>,
}

#[derive(Deserialize)]
struct Ship<'l> {
    #[serde(borrow)]
    country: Cow<'l, str>,
    #[serde(default)]
    express: bool,
}

#[derive(Serialize)]
struct Declined<'a> {
    order: u64,
    declined: &'static str,
    at: &'a str,
}

#[derive(Serialize)]
struct LookedInto<'a> {
    order: u64,
    error: &'static str,
    at: &'a str,
}

#[derive(Serialize)]
struct Receipt<'a> {
    order: u64,
    title: &'a str,
    about: About<'a>,
    sent: &'static str,
    reserved: Reserved<'a>,
    shelves: Shelves<'a>,
    payment: Charged<'a>,
    gift: bool,
    pages: Pages<'a>,
    label: &'a str,
    at: &'a str,
}

#[derive(Serialize)]
struct About<'a> {
    key: &'a str,
    lines: usize,
    skus: Skus<'a>,
    dear: Dear<'a>,
    words: Words<'a>,
}

#[derive(Serialize)]
struct Charged<'a> {
    charged: u64,
    by: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ReservedItem<'a> {
    Found { sku: &'a str, qty: u64, shelf: &'a str },
    BackOrder { sku: &'a str, shelf: (), why: &'static str },
}

/// Parts of the order, written without being gathered first.
struct Skus<'a>(&'a [Item<'a>]);
struct Dear<'a>(&'a [Item<'a>]);
struct Pages<'a>(&'a [Item<'a>]);
struct Words<'a>(&'a str);
struct Reserved<'a>(&'a [Item<'a>], &'a Orders);
struct Shelves<'a>(&'a Orders);

impl Serialize for Skus<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|item| &item.sku))
    }
}

impl Serialize for Dear<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter(|item| item.price_cents > 50_000).map(|item| &item.sku))
    }
}

impl Serialize for Pages<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.chunks(2).map(Skus))
    }
}

impl Serialize for Words<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words(self.0))
    }
}

impl Serialize for Reserved<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().zip(self.1.shelves()).map(|(item, shelf)| match shelf {
            Some(shelf) => ReservedItem::Found { sku: &item.sku, qty: item.qty, shelf },
            None => ReservedItem::BackOrder { sku: &item.sku, shelf: (), why: "Stock.Busy" },
        }))
    }
}

impl Serialize for Shelves<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.shelves())
    }
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split([' ', '-']).filter(|word| !word.is_empty())
}

/// How an attempt to get everything ended, and after how many seconds.
enum Fulfilled {
    Done { seconds: u64 },
    Declined,
    Gone { seconds: u64 },
}

impl Orders {
    fn shelves(&self) -> impl Iterator<Item = Option<&str>> {
        let starts = std::iter::once(0).chain(self.shelf_ends.iter().copied());
        let shelves = starts.zip(&self.shelf_ends).map(|(start, end)| &self.shelves[start..*end]);
        shelves.map(|shelf| (!shelf.is_empty()).then_some(shelf))
    }

    /// Reserves the items and charges the payment, which are under way at the same time.
    fn fulfil(&mut self, event: &Event<'_>, cents: u64) -> Fulfilled {
        self.by.clear();
        match event.payment {
            _ if cents == 0 => self.by.push_str("nobody"),
            Payment { ref method, .. } if method == "invoice" => self.by.push_str("invoice"),
            // Of two failures at the same moment the other branch's comes first.
            Payment { limit_cents: Some(limit), .. } if cents > limit => {
                return match first_gone(&event.items) {
                    Some(0) => Fulfilled::Gone { seconds: 0 },
                    _ => Fulfilled::Declined,
                };
            }
            Payment { ref holder, .. } => {
                let _ = write!(self.by, "card of {holder}");
            }
        }
        if let Some(seconds) = first_gone(&event.items) {
            return Fulfilled::Gone { seconds };
        }
        self.shelves.clear();
        self.shelf_ends.clear();
        let mut free_at = [0; 4];
        for (n, item) in event.items.iter().enumerate() {
            reserve(&mut free_at, item);
            if item.busy <= 2 {
                let _ = write!(self.shelves, "{}-{}", n + 1, item.sku);
            }
            self.shelf_ends.push(self.shelves.len());
        }
        Fulfilled::Done { seconds: free_at.into_iter().max().unwrap_or(0) }
    }
}

/// Gives an item to the first of four hands that is free; when it takes the item up.
fn reserve(free_at: &mut [u64; 4], item: &Item<'_>) -> u64 {
    let hand = (0..4).min_by_key(|hand| free_at[*hand]).unwrap_or(0);
    let begins = free_at[hand];
    free_at[hand] += [0, 2, 6][item.busy.min(2) as usize];
    begins
}

/// When the first item that is not to be had is asked for.
fn first_gone(items: &[Item<'_>]) -> Option<u64> {
    if !items.iter().any(|item| item.sku.starts_with("GONE-")) {
        return None;
    }
    let mut free_at = [0; 4];
    let begins = items.iter().map(|item| (reserve(&mut free_at, item), item));
    begins.filter(|(_, item)| item.sku.starts_with("GONE-")).map(|(begins, _)| begins).min()
}

impl Workload for Orders {
    type Event<'l> = Event<'l>;

    fn from_tape<'l>(value: Value<'_, 'l>) -> Option<Event<'l>> {
        let event = value.as_object()?;
        let payment = event.get("payment")?.as_object()?;
        let ship = event.get("ship")?.as_object()?;
        let text = |value: Option<Value<'_, 'l>>| value?.into_string().map(Cow::Borrowed);
        let item = |value: Value<'_, 'l>| {
            let item = value.as_object()?;
            Some(Item {
                sku: text(item.get("sku"))?,
                qty: item.get("qty")?.as_u64()?,
                price_cents: item.get("price_cents")?.as_u64()?,
                busy: item.get("busy").and_then(|busy| busy.as_u64()).unwrap_or(0),
            })
        };
        Some(Event {
            id: event.get("id")?.as_u64()?,
            placed: text(event.get("placed"))?,
            customer: Customer { name: text(event.get("customer")?.as_object()?.get("name"))? },
            items: event.get("items")?.as_array()?.iter().map(item).collect::<Option<_>>()?,
            total_cents: event.get("total_cents")?.as_u64()?,
            payment: Payment {
                method: text(payment.get("method"))?,
                holder: text(payment.get("holder")).unwrap_or_default(),
                limit_cents: payment.get("limit_cents").and_then(|limit| limit.as_u64()),
            },
            ship: Ship {
                country: text(ship.get("country"))?,
                express: ship.get("express").and_then(|express| express.as_bool()).unwrap_or(false),
            },
            coupon: text(event.get("coupon")),
        })
    }

    fn answer<R: Reader>(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> bool {
        let name = &*event.customer.name;
        let free = event.coupon.as_deref().is_some_and(is_free);
        let cents = if free { 0 } else { event.total_cents };
        let done = self.fulfil(&event, cents);
        let seconds = match done {
            Fulfilled::Done { seconds } | Fulfilled::Gone { seconds } => seconds,
            Fulfilled::Declined => 0,
        };
        self.at.clear();
        let _ = write!(self.at, "2020-01-01T00:{:02}:{:02}.000Z", seconds / 60 % 60, seconds % 60);
        match done {
            Fulfilled::Done { .. } => {}
            Fulfilled::Declined => {
                return R::write(&Declined { order: event.id, declined: "Payment.Declined", at: &self.at }, out);
            }
            Fulfilled::Gone { .. } => {
                return R::write(&LookedInto { order: event.id, error: "Stock.Gone", at: &self.at }, out);
            }
        }
        let mut digits = itoa::Buffer::new();
        let key = Sha1::new().chain_update(name).chain_update("/").chain_update(digits.format(event.id)).finalize();
        self.key.clear();
        for byte in key {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            self.key.push(char::from(HEX[usize::from(byte >> 4)]));
            self.key.push(char::from(HEX[usize::from(byte & 15)]));
        }
        self.title.clear();
        let _ = write!(self.title, "{} line(s) for {name}, {{[", event.items.len());
        for (n, word) in words(name).enumerate() {
            self.title.push_str(if n == 0 { "" } else { ", " });
            self.title.push_str(word);
        }
        self.title.push_str("]}");
        self.label.clear();
        let _ = write!(self.label, "{}", Base64Display::new(name.as_bytes(), &BASE64_STANDARD));
        let sent = match event.ship {
            Ship { ref country, express: true }
                if (country == "SE" || country == "NO" || &**country >= "Ö") && event.payment.method != "invoice" =>
            {
                "courier"
            }
            // Moments of one form and zone are in the order of their text.
            _ if &*event.placed < "2020-01-01T00:00:00Z" => "courier, with our apologies",
            _ => "parcel",
        };
        let receipt = Receipt {
            order: event.id,
            title: &self.title,
            about: About {
                key: &self.key,
                lines: event.items.len(),
                skus: Skus(&event.items),
                dear: Dear(&event.items),
                words: Words(name),
            },
            sent,
            reserved: Reserved(&event.items, self),
            shelves: Shelves(self),
            payment: Charged { charged: cents, by: &self.by },
            gift: event.items.iter().any(|item| item.sku == "GIFT"),
            pages: Pages(&event.items),
            label: &self.label,
            at: &self.at,
        };
        R::write(&receipt, out)
    }
}

/// `FREE-…-*`, with a real star at its end.
fn is_free(coupon: &str) -> bool {
    coupon.strip_prefix("FREE-").is_some_and(|rest| rest.ends_with("-*"))
}
