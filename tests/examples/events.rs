//! Events by the million, for the workflows under `corpora/`: the same bytes for the same seed, every time.
//!
//! Flows in: which workflow, how many lines, a seed. Flows out: JSON Lines. It must never allocate per line or take
//! randomness from anywhere but its seed, so that a file can be made again instead of being kept.

use std::io::{self, Write};

/// Which workflow the events are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "each bench uses the ones that it is about")]
pub enum Workload {
    /// Flat objects of six members, about 113 bytes a line; `Weather` is the second and one of three.
    WhichCoat,
    /// As [`Workload::WhichCoat`], but nested and about 1 KB; one line in four holds escapes and letters beyond ASCII.
    WhichCoat1K,
    /// The same, about 20 KB.
    WhichCoat20K,
    /// Of twenty lines fourteen short ones, five of 1 KB and one of 20 KB, in an order that nobody can foretell.
    WhichCoatMixed,
    /// Nested orders of about 1 KB; one line in four holds escapes and letters beyond ASCII.
    Orders,
    /// Baskets of eight items, about 1 KB; one line in four holds escapes and letters beyond ASCII. 1 payment in 40 is above its
    /// card's limit, another finds its bank busy once; 1 basket in 100 is turned away.
    Checkout,
    /// Nested readings of weather stations of about 1 KB; one line in four holds escapes and letters beyond ASCII.
    Etl,
}

/// Writes so many events, through a buffer of its own.
///
/// # Errors
///
/// What `out` gives.
pub fn write_events(workload: Workload, events: u64, seed: u64, spaced: bool, out: &mut dyn Write) -> io::Result<()> {
    const BUFFER_BYTES: usize = 1 << 20;
    let mut random = Random { state: seed };
    let mut text = Text::new(spaced);
    text.out.reserve(BUFFER_BYTES + (BUFFER_BYTES >> 4));
    for n in 0..events {
        match workload {
            Workload::WhichCoat => which_coat(n, &mut random, &mut text),
            Workload::WhichCoat1K => which_coat_nested(n, 10, &mut random, &mut text),
            Workload::WhichCoat20K => which_coat_nested(n, 213, &mut random, &mut text),
            Workload::WhichCoatMixed => match random.below(20) {
                0 => which_coat_nested(n, 213, &mut random, &mut text),
                1..=5 => which_coat_nested(n, 10, &mut random, &mut text),
                _ => which_coat(n, &mut random, &mut text),
            },
            Workload::Orders => order(n, &mut random, &mut text),
            Workload::Checkout => basket(n, &mut random, &mut text),
            Workload::Etl => reading(n, &mut random, &mut text),
        }
        text.out.push(b'\n');
        if text.out.len() >= BUFFER_BYTES {
            out.write_all(&text.out)?;
            text.out.clear();
        }
    }
    out.write_all(&text.out)?;
    out.flush()
}

/// The same in memory.
#[allow(dead_code, reason = "the benches have no file to write to")]
pub fn events(workload: Workload, events: u64, spaced: bool) -> Vec<u8> {
    let mut out = Vec::new();
    // A vector takes whatever is written.
    let _ = write_events(workload, events, 0, spaced, &mut out);
    out
}

fn which_coat(n: u64, random: &mut Random, text: &mut Text) {
    text.open(b'{');
    text.key("id").int(1_000_000 + n);
    text.key("Weather").string(random.pick(&["FREEZING", "COOL", "WARM"]));
    text.key("city").string(random.pick(&["Kiruna", "Stockholm", "Lisbon", "Quito", "Reykjavik", "Cairo"]));
    text.key("temperature").tenths(random.below(700) as i64 - 350);
    text.key("humidity").int(random.below(101));
    text.key("station").string(random.pick(&["harbour-17/basin", "airport-2/north-west", "hill-0044/top"]));
    text.close(b'}');
}

/// So many readings of some 90 bytes, behind what decides.
fn which_coat_nested(n: u64, readings: u64, random: &mut Random, text: &mut Text) {
    let plain = random.below(4) != 0;
    text.open(b'{');
    text.key("id").int(1_000_000 + n);
    text.key("Weather").string(random.pick(&["FREEZING", "COOL", "WARM"]));
    text.key("place").open(b'{');
    let names = if plain { ["Bergen, Flesland", "De Bilt"] } else { ["Luleå, Kallax", "Z\\u00fcrich\\/Kloten"] };
    text.key("name").string(random.pick(&names));
    text.key("lat").tenths(450 + random.below(250) as i64);
    text.key("lon").tenths(random.below(300) as i64);
    text.close(b'}');
    text.key("readings").open(b'[');
    for hour in 0..readings {
        text.element().open(b'{');
        text.key("at").string(HOURS[(hour % HOURS.len() as u64) as usize]);
        text.key("celsius").tenths(random.below(700) as i64 - 350);
        text.key("wind").open(b'{');
        text.key("from").string(random.pick(&["N", "NE", "E", "SE", "S", "SW", "W", "NW"]));
        text.key("metres").tenths(random.below(300) as i64);
        text.close(b'}');
        text.key("sure").word(random.pick(&["true", "false", "null"]));
        text.close(b'}');
    }
    text.close(b']');
    let notes = ["Read by hand; the cable is being mended.", "Read \\\"by hand\\\".\\nÅ ☂"];
    text.key("note").string(notes[usize::from(!plain)]);
    text.close(b'}');
}

fn order(n: u64, random: &mut Random, text: &mut Text) {
    let plain = random.below(4) != 0;
    text.open(b'{');
    text.key("id").int(n);
    text.key("placed").string("2026-05-01T08:09:10Z");
    text.key("customer").open(b'{');
    let names = if plain { ["Mary Jane Parker", "Jo-Ann Lind"] } else { ["Åsa Öberg-Lind", "O'Neil \\\"Shaq\\\""] };
    text.key("name").string(random.pick(&names));
    text.key("mail").string("customer@example.org");
    text.key("since").int(2_000 + random.below(26));
    text.close(b'}');
    text.key("items").open(b'[');
    let mut total_cents = 0;
    for _ in 0..6 + random.below(6) {
        let (qty, price_cents) = (1 + random.below(9), 100 + random.below(80_000));
        total_cents += qty * price_cents;
        text.element().open(b'{');
        let skus = if plain { ["LAMP-4", "DESK-2", "CHAIR-19"] } else { ["Blå stol", "MUG 0\\/3 l", "東京-1"] };
        text.key("sku").string(random.pick(&skus));
        text.key("qty").int(qty);
        text.key("price_cents").int(price_cents);
        text.key("weight_kg").tenths(random.below(400) as i64);
        if random.below(16) == 0 {
            text.key("busy").int(1 + random.below(3));
        }
        text.close(b'}');
    }
    text.close(b']');
    text.key("total_cents").int(total_cents);
    text.key("payment").open(b'{');
    if random.below(5) == 0 {
        text.key("method").string("invoice");
    } else {
        text.key("method").string("card");
        text.key("holder").string("J LIND");
        text.key("limit_cents").int(3_000_000 + random.below(1_000_000));
    }
    text.close(b'}');
    text.key("ship").open(b'{');
    text.key("country").string(random.pick(&["SE", "NO", "DK", "DE"]));
    text.key("express").word(random.pick(&["true", "false"]));
    text.key("street").string("Storgatan 12, second floor");
    text.close(b'}');
    text.key("coupon").word("null");
    let notes = [
        "Please ring twice. Leave it with the neighbour if nobody is there.",
        "Ring \\\"twice\\\".\\nTack, \\u00e9 på förhand \\t 🎁",
    ];
    text.key("notes").string(notes[usize::from(!plain)]);
    text.key("channel").string("web");
    text.key("tags").open(b'[');
    for _ in 0..4 {
        text.element().string(random.pick(&["new", "gift", "spring", "b2b", "returning"]));
    }
    text.close(b']');
    text.close(b'}');
}

fn basket(n: u64, random: &mut Random, text: &mut Text) {
    let plain = random.below(4) != 0;
    let pick = |random: &mut Random, ascii: &[&'static str], other: &[&'static str]| {
        random.pick(if plain { ascii } else { other })
    };
    let (mut counted, mut euros, mut blocked) = (true, true, false);
    let (mut declined, mut busy) = (false, false);
    match random.below(200) {
        0..2 => match random.below(3) {
            0 => counted = false,
            1 => euros = false,
            _ => blocked = true,
        },
        2..7 => declined = true,
        7..12 => busy = true,
        _ => {}
    }
    text.open(b'{');
    text.key("id").int(1_000_000 + n);
    text.key("placed").string("2026-05-01T08:09:10Z");
    text.key("customer").open(b'{');
    let names = (["Mary Jane Parker", "Jo Lind"], ["Åsa Öberg-Lind", "O'Neil \\\"Shaq\\\""]);
    text.key("name").string(pick(random, &names.0, &names.1));
    text.key("mail").string("customer@example.org");
    text.key("since").int(2_000 + random.below(26));
    text.close(b'}');
    text.key("currency").string(if euros { random.pick(&["EUR", "SEK"]) } else { "USD" });
    text.key("items").open(b'[');
    let mut total_cents = 0;
    for _ in 0..8 {
        let (cents, wrap_cents) = (100 + random.below(80_000), 50 * random.below(8));
        total_cents += cents + wrap_cents;
        text.element().open(b'{');
        text.key("sku").string(pick(random, &["LAMP-4", "DESK-2", "CHAIR-19"], &["Blå stol", "MUG 0\\/3 l", "東京-1"]));
        text.key("qty").int(1 + random.below(9));
        text.key("cents").int(cents);
        text.key("wrap_cents").int(wrap_cents);
        text.key("weight_kg").tenths(random.below(400) as i64);
        text.close(b'}');
    }
    text.close(b']');
    if counted {
        text.key("total_cents").int(total_cents);
    }
    text.key("payment").open(b'{');
    text.key("card").string(random.pick(&["**** 4711", "**** 0815", "**** 1234"]));
    text.key("holder").string("J LIND");
    text.key("limit_cents").int(if declined { total_cents - 1 } else { total_cents + random.below(1_000_000) });
    if busy {
        text.key("busy").int(1);
    }
    text.close(b'}');
    text.key("ship").open(b'{');
    text.key("street").string("Storgatan 12, second floor");
    text.key("city").string(pick(random, &["Stockholm", "Kiruna"], &["Malm\\u00f6", "Göteborg"]));
    text.key("country").string("SE");
    text.close(b'}');
    text.key("coupon").word("null");
    if blocked {
        text.key("blocked").string("Asked for by the bank.");
    }
    if random.below(4) != 0 {
        let notes = [
            "Please ring twice. Leave it with the neighbour if nobody is there.",
            "Ring \\\"twice\\\".\\nTack på förhand, och lämna det annars hos grannen 🎁",
        ];
        text.key("note").string(notes[usize::from(!plain)]);
    }
    text.key("channel").string(random.pick(&["web", "shop", "telephone"]));
    text.key("tags").open(b'[');
    for _ in 0..random.below(6) {
        text.element().string(random.pick(&["new", "gift", "spring", "b2b", "returning"]));
    }
    text.close(b']');
    text.close(b'}');
}

fn reading(n: u64, random: &mut Random, text: &mut Text) {
    let plain = random.below(4) != 0;
    text.open(b'{');
    text.key("meta").open(b'{');
    text.key("source").open(b'{');
    text.key("system").string("station");
    text.key("file").string("readings-of-may.csv");
    text.key("line").int(n);
    text.close(b'}');
    text.key("batch").string("2026-05-01");
    text.close(b'}');
    text.key("station").open(b'{');
    let names = if plain {
        ["Bergen, Flesland", "Helsinki", "De Bilt"]
    } else {
        ["Luleå, Kallax", "Z\\u00fcrich\\/Kloten", "東京"]
    };
    text.key("name").string(random.pick(&names));
    text.key("place").open(b'{');
    text.key("country").string(random.pick(&["SE", "NO", "FI", "NL", "CH", "JP"]));
    text.key("lat").tenths(450 + random.below(250) as i64);
    text.key("lon").tenths(random.below(300) as i64);
    text.key("height_m").int(random.below(900));
    text.close(b'}');
    text.close(b'}');
    text.key("payload").open(b'{');
    text.key("readings").open(b'[');
    for hour in 0..8 + random.below(6) {
        text.element().open(b'{');
        text.key("at").string(HOURS[hour as usize]);
        text.key("t").tenths(random.below(350) as i64 - 150);
        text.key("rh").int(20 + random.below(80));
        text.key("p").tenths(9_800 + random.below(600) as i64);
        text.key("ok").word("true");
        text.close(b'}');
    }
    text.close(b']');
    text.key("tags").open(b'[');
    for _ in 0..1 + random.below(6) {
        text.element().string(random.pick(&["auto", "coast", "airport", "old"]));
    }
    text.close(b']');
    text.close(b'}');
    text.key("raw").string(["t;rh;p;ok", "\\\"t\\\";\\\"rh\\\"\\r\\n°C \\\\"][usize::from(!plain)]);
    text.close(b'}');
}

const HOURS: [&str; 14] = [
    "2026-05-01T00:00:00Z",
    "2026-05-01T01:00:00Z",
    "2026-05-01T02:00:00Z",
    "2026-05-01T03:00:00Z",
    "2026-05-01T04:00:00Z",
    "2026-05-01T05:00:00Z",
    "2026-05-01T06:00:00Z",
    "2026-05-01T07:00:00Z",
    "2026-05-01T08:00:00Z",
    "2026-05-01T09:00:00Z",
    "2026-05-01T10:00:00Z",
    "2026-05-01T11:00:00Z",
    "2026-05-01T12:00:00Z",
    "2026-05-01T13:00:00Z",
];

/// Splitmix64: one multiplication or two per number, and any seed is a good one.
struct Random {
    state: u64,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// JSON text in the making. Strings are given as they stand between their quotes, escapes included.
struct Text {
    out: Vec<u8>,
    comma: &'static [u8],
    colon: &'static [u8],
}

impl Text {
    /// With the blanks that Python's `json.dumps` puts in, or with none.
    fn new(spaced: bool) -> Text {
        match spaced {
            true => Text { out: Vec::new(), comma: b", ", colon: b": " },
            false => Text { out: Vec::new(), comma: b",", colon: b":" },
        }
    }

    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    /// Begins an element of an array.
    fn element(&mut self) -> &mut Text {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.extend_from_slice(self.comma);
        }
        self
    }

    /// Begins a member of an object.
    fn key(&mut self, key: &str) -> &mut Text {
        self.element().string(key);
        self.out.extend_from_slice(self.colon);
        self
    }

    fn word(&mut self, word: &str) {
        self.out.extend_from_slice(word.as_bytes());
    }

    fn string(&mut self, escaped: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(escaped.as_bytes());
        self.out.push(b'"');
    }

    fn int(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    /// A number of tenths as a decimal fraction.
    fn tenths(&mut self, tenths: i64) {
        if tenths < 0 {
            self.out.push(b'-');
        }
        self.int(tenths.unsigned_abs() / 10);
        self.out.push(b'.');
        self.out.push(b'0' + (tenths.unsigned_abs() % 10) as u8);
    }
}
