//! State machines of any size, made from a seed: chains with loops, Choices, retriers, catchers, and Maps and Parallels
//! that hold the same again.
//!
//! A machine from here is always one that AWS would take.

use std::fmt::Write;

/// A definition with about `states` states. With an even seed its transitions lead to states near by, as people write
/// machines; with an odd one anywhere.
pub fn machine(seed: u64, states: usize) -> String {
    let mut maker = Maker { random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, named: 0, wild: seed % 2 == 1 };
    let scope = maker.scope(states.max(1), 0);
    format!("{{\"Comment\": \"Seed {seed}, {states} states\", {scope}}}")
}

struct Maker {
    random: u64,
    named: usize,
    wild: bool,
}

const WORDS: [&str; 16] = [
    "Check",
    "Reserve",
    "Charge",
    "Ship",
    "Notify",
    "Audit",
    "Parse",
    "Enrich",
    "Score",
    "Route",
    "Approve",
    "Archive",
    "Refund",
    "Translate",
    "Validate",
    "Publish",
];
const THINGS: [&str; 8] =
    ["order", "Payment", "the customer's address", "parcel_label", "inventory", "Invoice", "event", "claim <A & B>"];

impl Maker {
    fn below(&mut self, limit: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) as usize % limit.max(1)
    }

    fn name(&mut self) -> String {
        self.named += 1;
        let (word, thing) = (WORDS[self.below(16)], THINGS[self.below(8)]);
        format!("{word} {thing} {}", self.named)
    }

    /// `"StartAt": …, "States": {…}` with so many states, those inside nested scopes counted.
    fn scope(&mut self, states: usize, depth: usize) -> String {
        // States on this level, each with how many it holds.
        let mut sizes = Vec::new();
        let mut left = states;
        while left > 0 {
            let nested = depth < 3 && left > 4 && self.below(6) == 0;
            let inside = if nested { 1 + self.below((left - 1).min(14)) } else { 0 };
            sizes.push(inside);
            left -= 1 + inside;
        }
        let names: Vec<String> = sizes.iter().map(|_| self.name()).collect();
        let mut out = format!("\"StartAt\": {:?}, \"States\": {{", names[0]);
        for (n, inside) in sizes.iter().enumerate() {
            let state = self.state(n, &names, *inside, depth);
            let comma = if n > 0 { ", " } else { "" };
            let _ = write!(out, "{comma}{:?}: {{{state}}}", names[n]);
        }
        out + "}"
    }

    fn state(&mut self, n: usize, names: &[String], inside: usize, depth: usize) -> String {
        // Every state leads to the next one somehow, so that all can be reached.
        let next = names.get(n + 1);
        let flow = next.map_or("\"End\": true".to_owned(), |name| format!("\"Next\": {name:?}"));
        if inside > 0 {
            let rescue = self.rescue(n, names);
            if self.below(2) == 0 || inside < 2 {
                let scope = self.scope(inside, depth + 1);
                let most = self.below(9);
                return format!(
                    "\"Type\": \"Map\", \"MaxConcurrency\": {most}, \"ItemProcessor\": {{{scope}}}, {rescue}{flow}"
                );
            }
            let branches = 2 + self.below(inside.min(6) - 1);
            let share = inside / branches;
            let scopes: Vec<String> =
                (0..branches).map(|_| format!("{{{}}}", self.scope(share.max(1), depth + 1))).collect();
            return format!("\"Type\": \"Parallel\", \"Branches\": [{}], {rescue}{flow}", scopes.join(", "));
        }
        match (self.below(7), next) {
            (0 | 1, Some(next)) => {
                let rules: Vec<String> = (0..1 + self.below(5))
                    .map(|rule| {
                        // Mostly onwards, sometimes back, sometimes to itself.
                        let to = if self.below(6) == 0 { self.back(n) } else { self.onwards(n, names.len()) };
                        let condition = match self.below(3) {
                            0 => format!("\"Variable\": \"$.total\", \"NumericGreaterThan\": {}", rule * 100),
                            1 => "\"Variable\": \"$.customer.country\", \"StringEquals\": \"SE\"".to_owned(),
                            _ => format!("\"And\": [{{\"Variable\": \"$.a\", \"IsPresent\": true}}, {{\"Variable\": \"$.a\", \"NumericLessThan\": {rule}}}, {{\"Variable\": \"$.vip\", \"BooleanEquals\": true}}]"),
                        };
                        format!("{{{condition}, \"Next\": {:?}}}", names[to])
                    })
                    .collect();
                format!("\"Type\": \"Choice\", \"Choices\": [{}], \"Default\": {next:?}", rules.join(", "))
            }
            (2, _) => format!("\"Type\": \"Wait\", \"Seconds\": {}, {flow}", 1 + self.below(100_000)),
            (3, _) => format!("\"Type\": \"Pass\", {flow}"),
            (4, None) if n > 0 => "\"Type\": \"Fail\", \"Error\": \"Order.Refused\"".to_owned(),
            (5, None) => "\"Type\": \"Succeed\"".to_owned(),
            _ => {
                let function = self.below(1_000);
                let rescue = self.rescue(n, names);
                format!(
                    "\"Type\": \"Task\", \"Resource\": \"arn:aws:lambda:eu-north-1:123456789012:function:f{function}\", {rescue}{flow}"
                )
            }
        }
    }

    fn onwards(&mut self, n: usize, count: usize) -> usize {
        let left = count - n - 1;
        n + 1 + self.below(if self.wild { left } else { left.min(5) })
    }

    fn back(&mut self, n: usize) -> usize {
        n - self.below(if self.wild { n + 1 } else { (n + 1).min(4) })
    }

    fn rescue(&mut self, n: usize, names: &[String]) -> String {
        let mut out = String::new();
        if self.below(3) == 0 {
            out.push_str("\"Retry\": [{\"ErrorEquals\": [\"States.Timeout\"], \"MaxAttempts\": 4}], ");
        }
        if self.below(3) == 0 {
            let handler = &names[names.len() - 1];
            let second = if n + 1 == names.len() { n } else { self.onwards(n, names.len()) };
            let second = &names[second];
            let first = if self.below(4) == 0 { &names[n] } else { handler };
            let _ = write!(
                out,
                "\"Catch\": [{{\"ErrorEquals\": [\"Payment.Declined\", \"States.Timeout\"], \"Next\": {first:?}}}, {{\"ErrorEquals\": [\"States.ALL\"], \"Next\": {second:?}}}], "
            );
        }
        out
    }
}

/// A Choice with so many targets, each a Task with a catcher; with `chains` each target has a state behind it.
pub fn wide(targets: usize, chains: bool) -> String {
    let mut rules = Vec::new();
    let mut states = String::new();
    for n in 0..targets {
        rules.push(format!(
            "{{\"Variable\": \"$.kind\", \"StringEquals\": \"kind number {n}\", \"Next\": \"Handle kind {n}\"}}"
        ));
        let next = if chains { format!("Then {n}") } else { "Done".to_owned() };
        let _ = write!(
            states,
            "\"Handle kind {n}\": {{\"Type\": \"Task\", \"Resource\": \"arn:aws:lambda:us-east-1:123456789012:function:h{n}\", \
             \"Next\": \"{next}\", \"Catch\": [{{\"ErrorEquals\": [\"States.ALL\"], \"Next\": \"Tell\"}}]}}, "
        );
        if chains {
            let _ = write!(states, "\"Then {n}\": {{\"Type\": \"Pass\", \"Next\": \"Done\"}}, ");
        }
    }
    format!(
        "{{\"StartAt\": \"Route\", \"States\": {{\"Route\": {{\"Type\": \"Choice\", \"Choices\": [{}], \"Default\": \"Done\"}}, \
         {states}\"Tell\": {{\"Type\": \"Pass\", \"Next\": \"Done\"}}, \"Done\": {{\"Type\": \"Succeed\"}}}}}}",
        rules.join(", ")
    )
}
