//! `corpora/which-coat`: one member decides which sentence is answered.

use crate::lines::Line;
use crate::reader::{Reader, Workload};
use serde::{Deserialize, Serialize};
use simd_json::prelude::*;
use simd_json::tape::Value;
use sonic_rs::JsonValueTrait;
use std::borrow::Cow;

#[derive(Default)]
pub struct WhichCoat;

#[derive(Deserialize)]
pub struct Event<'l> {
    #[serde(borrow, rename = "Weather")]
    weather: Cow<'l, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reply<'a> {
    weather: &'a str,
    message: &'static str,
}

impl Workload for WhichCoat {
    type Event<'l> = Event<'l>;

    fn from_tape<'l>(value: Value<'_, 'l>) -> Option<Event<'l>> {
        Some(Event { weather: Cow::Borrowed(value.as_object()?.get("Weather")?.into_string()?) })
    }

    fn answer<R: Reader>(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> bool {
        message(&event.weather).is_some_and(|message| R::write(&Reply { weather: &event.weather, message }, out))
    }
}

/// On sonic-rs's lookup of one path, which builds nothing at all.
pub fn by_path(line: Line<'_>, out: &mut Vec<u8>) -> bool {
    let Ok(found) = sonic_rs::get_from_slice(&*line.text(), &["Weather"]) else { return false };
    let Some(weather) = found.as_str() else { return false };
    message(weather).is_some_and(|message| sonic_rs::to_writer(out, &Reply { weather, message }).is_ok())
}

fn message(weather: &str) -> Option<&'static str> {
    match weather {
        "FREEZING" => Some("You should wear a heavy coat today."),
        "COOL" => Some("You should wear a light jacket today."),
        "WARM" => Some("You need no coat today."),
        _ => None,
    }
}
