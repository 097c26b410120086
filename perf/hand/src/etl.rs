//! `corpora/etl`: a nested reading of a weather station becomes a row of a warehouse.

use crate::reader::{Reader, Workload};
use serde::{Deserialize, Serialize};
use simd_json::prelude::*;
use simd_json::tape::Value;
use std::borrow::Cow;
use std::fmt::Write;

/// What is written again for each event.
#[derive(Default)]
pub struct Etl {
    slug: String,
    id: String,
    why: String,
}

#[derive(Deserialize)]
pub struct Event<'l> {
    #[serde(borrow)]
    meta: Meta<'l>,
    #[serde(borrow)]
    station: Station<'l>,
    #[serde(borrow)]
    payload: Payload<'l>,
}

#[derive(Deserialize)]
struct Meta<'l> {
    #[serde(borrow)]
    source: Source<'l>,
    #[serde(borrow)]
    batch: Cow<'l, str>,
}

#[derive(Deserialize, Serialize)]
struct Source<'l> {
    #[serde(borrow)]
    system: Cow<'l, str>,
    #[serde(borrow)]
    file: Cow<'l, str>,
    line: u64,
}

#[derive(Deserialize)]
struct Station<'l> {
    #[serde(borrow)]
    name: Cow<'l, str>,
    #[serde(borrow)]
    place: Place<'l>,
}

#[derive(Deserialize)]
struct Place<'l> {
    #[serde(borrow)]
    country: Cow<'l, str>,
}

#[derive(Deserialize)]
struct Payload<'l> {
    #[serde(borrow)]
    readings: Vec<Reading<'l>>,
    #[serde(borrow)]
    tags: Vec<Cow<'l, str>>,
}

#[derive(Deserialize, Serialize)]
struct Reading<'l> {
    #[serde(borrow)]
    at: Cow<'l, str>,
    t: f64,
    rh: u64,
    p: f64,
    ok: bool,
}

#[derive(Serialize)]
struct Skipped<'a> {
    skipped: &'a str,
    why: &'a str,
    source: &'a Source<'a>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    station: Named<'a>,
    summary: Summary<'a>,
    lineage: Lineage<'a>,
    celsius: Celsius<'a>,
    last: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    country: &'a str,
    tags: Threes<'a>,
}

#[derive(Serialize)]
struct Summary<'a> {
    count: usize,
    first: &'a Reading<'a>,
    last: f64,
    frost: Frost<'a>,
    by: &'a str,
}

/// The source with what the warehouse adds or replaces.
#[derive(Serialize)]
struct Lineage<'a> {
    system: &'a str,
    file: &'a str,
    line: u64,
    warehouse: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<&'a str>,
}

/// Parts of the readings, written without being gathered first.
struct Celsius<'a>(&'a [Reading<'a>]);
struct Frost<'a>(&'a [Reading<'a>]);
struct Threes<'a>(&'a [Cow<'a, str>]);

impl Serialize for Celsius<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|reading| reading.t))
    }
}

impl Serialize for Frost<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter(|reading| reading.t < 0.0).map(|reading| &reading.at))
    }
}

impl Serialize for Threes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.chunks(3))
    }
}

impl Workload for Etl {
    type Event<'l> = Event<'l>;

    fn from_tape<'l>(value: Value<'_, 'l>) -> Option<Event<'l>> {
        let event = value.as_object()?;
        let meta = event.get("meta")?.as_object()?;
        let source = meta.get("source")?.as_object()?;
        let station = event.get("station")?.as_object()?;
        let payload = event.get("payload")?.as_object()?;
        let text = |value: Option<Value<'_, 'l>>| value?.into_string().map(Cow::Borrowed);
        let reading = |value: Value<'_, 'l>| {
            let reading = value.as_object()?;
            Some(Reading {
                at: text(reading.get("at"))?,
                t: reading.get("t")?.cast_f64()?,
                rh: reading.get("rh")?.as_u64()?,
                p: reading.get("p")?.cast_f64()?,
                ok: reading.get("ok")?.as_bool()?,
            })
        };
        Some(Event {
            meta: Meta {
                source: Source {
                    system: text(source.get("system"))?,
                    file: text(source.get("file"))?,
                    line: source.get("line")?.as_u64()?,
                },
                batch: text(meta.get("batch"))?,
            },
            station: Station {
                name: text(station.get("name"))?,
                place: Place { country: text(station.get("place")?.as_object()?.get("country"))? },
            },
            payload: Payload {
                readings: payload.get("readings")?.as_array()?.iter().map(reading).collect::<Option<_>>()?,
                tags: payload.get("tags")?.as_array()?.iter().map(|tag| text(Some(tag))).collect::<Option<_>>()?,
            },
        })
    }

    fn answer<R: Reader>(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> bool {
        let Event { meta: Meta { source, batch }, station, payload } = &event;
        let mut words = station.name.split([' ', ',', '/']).filter(|word| !word.is_empty());
        let Some(first_word) = words.next() else { return false };
        self.slug.clear();
        self.id.clear();
        // A string takes whatever is written.
        let _ = write!(self.slug, "{first_word}.{}", 1 + words.count());
        let (Some(first), Some(last)) = (payload.readings.first(), payload.readings.last()) else {
            self.why.clear();
            let _ = write!(self.why, "{} has no readings", self.slug);
            return R::write(&Skipped { skipped: &self.slug, why: &self.why, source }, out);
        };
        let _ = write!(self.id, "{}#{batch}", self.slug);
        let country = &*station.place.country;
        let mut lineage = Lineage {
            system: &source.system,
            file: &source.file,
            line: source.line,
            warehouse: "rest",
            country: None,
            batch: None,
        };
        match country {
            "SE" | "NO" | "FI" => (lineage.system, lineage.warehouse) = ("lake", "north"),
            _ if country < "F" => lineage.warehouse = "west",
            _ => (lineage.country, lineage.batch) = (Some(country), Some(&**batch)),
        }
        let row = Row {
            id: &self.id,
            station: Named { name: &station.name, country, tags: Threes(&payload.tags) },
            summary: Summary {
                count: payload.readings.len(),
                first,
                last: last.t,
                frost: Frost(&payload.readings),
                by: &self.slug,
            },
            lineage,
            celsius: Celsius(&payload.readings),
            last: &last.at,
        };
        R::write(&row, out)
    }
}
