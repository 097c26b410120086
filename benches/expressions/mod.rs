//! Fifteen expressions over an order of about 800 bytes, and for each what somebody would write in Rust instead.
//!
//! The functions take and give `serde_json::Value`s, are written for speed as far as that allows, and leave undefined
//! (none) what the expression leaves undefined. They must never do less than their expression does on any order.

use serde_json::{Map, Number, Value, json};

/// The event, as a line of a file.
pub const ORDER: &str = concat!(
    r#"{"id":"o-1842","placed":"2026-11-03T09:41:27.250Z","customer":{"id":77,"name":{"first":"Ada","last":"Byron"},"#,
    r#""email":"ada@example.org","tier":"gold","address":{"street":"12 Long Lane","city":"Lund","zip":"22100","country":"SE"}},"#,
    r#""items":[{"sku":"coat-wool","qty":1,"price":129.5,"weight":1.85,"tags":["winter","sale"]},"#,
    r#"{"sku":"cap-felt","qty":2,"price":34.45,"weight":0.2,"tags":["winter"]},"#,
    r#"{"sku":"boots","qty":1,"price":98,"weight":2.4,"tags":["leather"]},"#,
    r#"{"sku":"gloves","qty":3,"price":9.95,"weight":0.15,"tags":[]}],"#,
    r#""shipping":{"method":"express","cost":9.95,"carrier":null},"discount":0.1,"currency":"EUR","gift":false,"#,
    r#""total":337.25,"note":"Leave it with the neighbours, please: the bell does not work."}"#
);

/// An expression, and the same by hand.
pub struct Case {
    /// What it tries.
    pub name: &'static str,
    /// The expression.
    pub text: &'static str,
    /// The same in Rust.
    pub by_hand: fn(&Value) -> Option<Value>,
}

/// The fifteen.
pub const CASES: &[Case] = &[
    Case {
        name: "path",
        text: "$states.input.customer.address.city",
        by_hand: |order| Some(order.get("customer")?.get("address")?.get("city")?.clone()),
    },
    Case {
        name: "arithmetic",
        text: "$states.input.total * (1 - $states.input.discount) + $states.input.shipping.cost",
        by_hand: |order| {
            let (total, discount) = (order.get("total")?.as_f64()?, order.get("discount")?.as_f64()?);
            number(total * (1.0 - discount) + order.get("shipping")?.get("cost")?.as_f64()?)
        },
    },
    Case {
        name: "condition of three",
        text: "$states.input.customer.tier = 'gold' and $states.input.total >= 100 and $states.input.currency != 'USD'",
        by_hand: |order| {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
            Some(Value::Bool(
                order.get("customer").and_then(|c| c.get("tier")).and_then(Value::as_str) == Some("gold")
                    && order.get("total").and_then(Value::as_f64).is_some_and(|total| total >= 100.0)
                    && text(order.get("currency")).is_some_and(|currency| currency != "USD"),
            ))
        },
    },
    Case {
        name: "predicate",
        text: "$states.input.items[price > 30].sku",
        by_hand: |order| {
            let dear = items(order).filter(|item| item.get("price").and_then(Value::as_f64).is_some_and(|p| p > 30.0));
            sequence(dear.filter_map(|item| item.get("sku").cloned()).collect())
        },
    },
    Case {
        name: "sum",
        text: "$sum($states.input.items.(price * qty))",
        by_hand: |order| {
            let product = |item: &Value| Some(item.get("price")?.as_f64()? * item.get("qty")?.as_f64()?);
            number(items(order).filter_map(product).sum())
        },
    },
    Case {
        name: "concatenation",
        text: "$states.input.customer.name.first & ' ' & $states.input.customer.name.last & ' <' & $states.input.customer.email & '>'",
        by_hand: |order| {
            let customer = order.get("customer")?;
            let name = customer.get("name")?;
            let part = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
            Some(Value::String(format!(
                "{} {} <{}>",
                part(name.get("first")),
                part(name.get("last")),
                part(customer.get("email"))
            )))
        },
    },
    Case {
        name: "conditional",
        text: "$states.input.customer.tier = 'gold' ? 'fast lane' : 'queue'",
        by_hand: |order| {
            let gold = order.get("customer").and_then(|c| c.get("tier")).and_then(Value::as_str) == Some("gold");
            Some(Value::String(if gold { "fast lane" } else { "queue" }.to_owned()))
        },
    },
    Case {
        name: "object",
        text: "{'id': $states.input.id, 'to': $states.input.customer.address.city, 'mail': $states.input.customer.email, 'due': $states.input.total * 1.25}",
        by_hand: |order| {
            let customer = order.get("customer")?;
            let mut made = Map::new();
            let mut set = |key: &str, value: Option<Value>| value.map(|value| made.insert(key.to_owned(), value));
            set("id", order.get("id").cloned());
            set("to", customer.get("address").and_then(|a| a.get("city")).cloned());
            set("mail", customer.get("email").cloned());
            set("due", order.get("total").and_then(Value::as_f64).and_then(|total| number(total * 1.25)));
            Some(Value::Object(made))
        },
    },
    Case {
        name: "$map",
        text: "$map($states.input.items, function($i) { {'sku': $i.sku, 'total': $i.price * $i.qty} })",
        by_hand: |order| {
            let made = |item: &Value| {
                let mut made = Map::new();
                made.insert("sku".to_owned(), item.get("sku")?.clone());
                made.insert("total".to_owned(), number(item.get("price")?.as_f64()? * item.get("qty")?.as_f64()?)?);
                Some(Value::Object(made))
            };
            sequence(items(order).filter_map(made).collect())
        },
    },
    Case {
        name: "$filter",
        text: "$filter($states.input.items, function($i) { $i.qty > 1 and $i.price < 30 })",
        by_hand: |order| {
            let kept = |item: &&Value| {
                item.get("qty").and_then(Value::as_f64).is_some_and(|qty| qty > 1.0)
                    && item.get("price").and_then(Value::as_f64).is_some_and(|price| price < 30.0)
            };
            sequence(items(order).filter(kept).cloned().collect())
        },
    },
    Case {
        name: "$reduce",
        text: "$reduce($states.input.items.qty, function($sum, $n) { $sum + $n })",
        by_hand: |order| number(items(order).filter_map(|item| item.get("qty")?.as_f64()).fold(0.0, |sum, n| sum + n)),
    },
    Case {
        name: "$exists",
        text: "$exists($states.input.customer.address.zip)",
        by_hand: |order| {
            Some(Value::Bool(order.get("customer").and_then(|c| c.get("address")).and_then(|a| a.get("zip")).is_some()))
        },
    },
    Case {
        name: "$merge",
        text: "$merge([$states.input.shipping, {'by': 'courier', 'cost': 0}])",
        by_hand: |order| {
            let mut made = order.get("shipping")?.as_object()?.clone();
            made.insert("by".to_owned(), json!("courier"));
            made.insert("cost".to_owned(), json!(0));
            Some(Value::Object(made))
        },
    },
    Case {
        name: "sort",
        text: "$states.input.items^(>price).sku",
        by_hand: |order| {
            let price = |item: &Value| item.get("price").and_then(Value::as_f64).unwrap_or(f64::NEG_INFINITY);
            let mut sorted: Vec<(f64, &Value)> = items(order).map(|item| (price(item), item)).collect();
            sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
            sequence(sorted.iter().filter_map(|(_, item)| item.get("sku").cloned()).collect())
        },
    },
    Case {
        name: "$toMillis",
        text: "$toMillis($states.input.placed)",
        by_hand: |order| millis(order.get("placed")?.as_str()?),
    },
];

fn items(order: &Value) -> impl Iterator<Item = &Value> {
    order.get("items").and_then(Value::as_array).into_iter().flatten()
}

/// As JSONata gives several values: none as nothing, one by itself.
fn sequence(mut values: Vec<Value>) -> Option<Value> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::Array(values)),
    }
}

fn number(n: f64) -> Option<Value> {
    Number::from_f64(n).map(Value::Number)
}

/// Milliseconds since 1970 of a time written as `YYYY-MM-DDThh:mm:ss.sssZ`.
fn millis(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    if bytes.len() != 24 || bytes[23] != b'Z' {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    // Years that begin in March end with the day that not every year has.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let seconds = ((days * 24 + part(11, 13)?) * 60 + part(14, 16)?) * 60 + part(17, 19)?;
    Some(Value::Number((seconds * 1000 + part(20, 23)?).into()))
}
