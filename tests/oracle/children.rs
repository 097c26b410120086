//! Map and Parallel of the second interpreter: children on a virtual schedule, and their events among one another.
//!
//! Events stand in the order of (virtual time, child, sequence); of several failures the first in that order counts, and
//! what comes after it appears nowhere.

use super::history::{Event, History, Told, is};
use super::interpreter::{Cause, Failure, Fault, Run, Visit};
use super::json::Json;

/// The children of a state.
struct Brood<'b> {
    object: &'static str,
    scopes: Vec<&'b Json>,
    inputs: Vec<Json>,
    /// How many items each stands for.
    weights: Vec<usize>,
    /// How many run at once.
    places: usize,
    /// They are a Map's items, whose input this shapes.
    items: Option<Option<&'b Json>>,
    /// They are executions of their own, of which so many may fail.
    distributed: Option<usize>,
}

/// How items are put together.
struct Batching {
    input: Option<Json>,
    items_max: usize,
    bytes_max: usize,
}

impl Batching {
    /// The children's inputs, and how many items are in each.
    fn put_together(&self, items: Vec<Json>) -> Vec<(Json, usize)> {
        let mut batches = Vec::new();
        let mut open: Vec<Json> = Vec::new();
        for item in items {
            let with = open.iter().cloned().chain([item.clone()]).collect();
            let full = open.len() >= self.items_max || self.batch(with).print().len() > self.bytes_max;
            if full && !open.is_empty() {
                let items = std::mem::take(&mut open);
                batches.push((items.len(), items));
            }
            open.push(item);
        }
        if !open.is_empty() {
            batches.push((open.len(), open));
        }
        batches.into_iter().map(|(count, items)| (self.batch(items), count)).collect()
    }

    fn batch(&self, items: Vec<Json>) -> Json {
        let input = self.input.iter().map(|input| ("BatchInput".to_owned(), input.clone()));
        Json::Object(input.chain([("Items".to_owned(), Json::List(items))]).collect())
    }
}

struct Ended {
    end: Result<Json, Fault>,
    end_ms: i64,
    history: History,
    /// The child whose place it took over.
    freed_by: Option<usize>,
}

impl Run<'_, '_> {
    pub(super) fn parallel(&mut self, visit: &Visit, input: Json) -> Result<Json, Fault> {
        let scopes: Vec<&Json> = visit.list("Branches").iter().collect();
        self.event("ParallelStateStarted", Vec::new());
        let inputs = vec![input; scopes.len()];
        let weights = vec![1; scopes.len()];
        let brood =
            Brood { object: "Branch", scopes, inputs, weights, places: usize::MAX, items: None, distributed: None };
        let result = self.children(visit, brood)?;
        let chain = self.history.chain;
        self.history.side(chain, self.now_ms, "ParallelStateSucceeded", Vec::new());
        Ok(result)
    }

    pub(super) fn map(&mut self, visit: &Visit) -> Result<Json, (Fault, bool)> {
        let early = |failure: Failure| (Fault::Failed(failure), false);
        let items = match visit.text("ItemsPath") {
            Some(path) => self.items(visit, path).map_err(|fault| (fault, false))?,
            None => visit.eff.clone(),
        };
        let processor = visit.state.get("ItemProcessor").or_else(|| visit.state.get("Iterator")).unwrap_or(&Json::Null);
        let config = processor.get("ProcessorConfig");
        let distributed = config.and_then(|c| c.get("Mode")).and_then(Json::as_text) == Some("DISTRIBUTED");
        let mut selector = visit.state.get("ItemSelector").or_else(|| visit.state.get("Parameters"));
        let batcher = visit.state.get("ItemBatcher").filter(|_| distributed);
        let mut items = items;
        if let (Some(_), Some(template)) = (batcher, selector) {
            // What is put together are selected items.
            let Json::List(list) = &items else { return Err(early(self.not_a_list(visit))) };
            let selected = self.selected(visit, template, list).map_err(early)?;
            (items, selector) = (Json::List(selected), None);
        }
        let [concurrency, count, percentage] =
            ["MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"].map(|f| self.limit(visit, f));
        let (concurrency, count) = (concurrency.map_err(early)?, count.map_err(early)?);
        let percentage = percentage.map_err(early)?;
        // Whether 1.0 will do is not recorded.
        let unclear = |value: &Option<Json>| value.as_ref().is_some_and(Json::is_whole_but_written_otherwise);
        if unclear(&concurrency) || unclear(&count) {
            return Err((Fault::Undefined, false));
        }
        let batching = batcher.map(|batcher| self.batching(visit, batcher)).transpose().map_err(|f| (f, false))?;
        let not_whole = |value: &Json| !matches!(value, Json::Number(n) if n.parse::<i64>().is_ok());
        let negative = |value: &Json| value.as_f64().is_some_and(|n| n < 0.0);
        let is_list = items.as_list().is_some();
        if let Some(value) = concurrency.as_ref().filter(|value| not_whole(value) || negative(value)) {
            // What is said of a negative one is not recorded, nor which comes first.
            return Err(early(match (negative(value) || !is_list, visit.text("MaxConcurrencyPath")) {
                (false, Some(path)) => self.bad(visit, "MaxConcurrencyPath", "integer", value, path),
                _ => self.runtime(visit, Cause::Any),
            }));
        }
        let Json::List(items) = items else { return Err(early(self.not_a_list(visit))) };
        self.event("MapStateStarted", vec![is("length", items.len().to_string())]);
        let odd_count = count.as_ref().filter(|value| not_whole(value) || negative(value));
        let odd_percentage =
            percentage.as_ref().filter(|value| !value.as_f64().is_some_and(|p| (0.0..=100.0).contains(&p)));
        match (odd_count, odd_percentage) {
            (None, None) => {}
            (Some(_), Some(_)) => return Err(early(self.runtime(visit, Cause::Any))),
            (Some(value), None) => {
                let path = visit.text("ToleratedFailureCountPath").unwrap_or_default();
                return Err(early(match negative(value) && !not_whole(value) {
                    true => self.runtime(visit, "ToleratedFailureCount cannot be negative.".to_owned()),
                    false => self.bad(visit, "ToleratedFailureCountPath", "integer", value, path),
                }));
            }
            (None, Some(value)) => {
                let path = visit.text("ToleratedFailurePercentagePath").unwrap_or_default();
                return Err(early(match value.as_f64() {
                    Some(_) => self.runtime(visit, "ToleratedFailurePercentage must be between 0 and 100.".to_owned()),
                    None => self.bad(visit, "ToleratedFailurePercentagePath", "float", value, path),
                }));
            }
        }
        if let Some(config) = config {
            self.world.seen_all("ProcessorConfig", config);
        }
        let most = concurrency.and_then(|value| value.as_f64()).unwrap_or(0.0) as usize;
        let places = match (most, distributed) {
            (0, true) => usize::MAX,
            (0, false) => 40,
            (most, true) => most,
            (most, false) => most.min(40),
        };
        // Both given: either exceeded fails.
        let share = percentage.and_then(|p| p.as_f64()).map(|p| (items.len() as f64 * p / 100.0).floor() as usize);
        let count = count.and_then(|count| count.as_f64()).map(|count| count as usize);
        let tolerated = count.into_iter().chain(share).min().unwrap_or(0);
        let inputs: Vec<(Json, usize)> = match batching {
            Some(batching) => batching.put_together(items),
            None => items.into_iter().map(|item| (item, 1)).collect(),
        };
        let flatten = visit.state.get("ResultWriter").and_then(|writer| {
            self.world.seen_all("ResultWriter", writer);
            let config = writer.get("WriterConfig")?;
            self.world.seen_all("WriterConfig", config);
            config.get("Transformation").and_then(Json::as_text)
        });
        let scopes = vec![processor; inputs.len()];
        let weights = inputs.iter().map(|(_, items)| *items).collect();
        let brood = Brood {
            object: "ItemProcessor",
            scopes,
            inputs: inputs.into_iter().map(|(input, _)| input).collect(),
            weights,
            places,
            items: Some(selector),
            distributed: distributed.then_some(tolerated),
        };
        if distributed {
            self.event("MapRunStarted", vec![("mapRunArn", Told::Any)]);
        }
        let result = self.children(visit, brood).map_err(|fault| (fault, true))?;
        if distributed {
            self.event("MapRunSucceeded", Vec::new());
        }
        let chain = self.history.chain;
        self.history.side(chain, self.now_ms, "MapStateSucceeded", Vec::new());
        match (flatten, result) {
            (Some("FLATTEN"), Json::List(outputs)) => Ok(Json::List(
                outputs
                    .into_iter()
                    .flat_map(|output| match output {
                        Json::List(elements) => elements,
                        other => vec![other],
                    })
                    .collect(),
            )),
            (_, result) => Ok(result),
        }
    }

    /// What ItemSelector makes of items that are put together afterwards.
    fn selected(&mut self, visit: &Visit, template: &Json, items: &[Json]) -> Result<Vec<Json>, Failure> {
        let outside = self.item.take();
        let mut selected = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.item = Some((index, item.clone()));
            selected.push(self.template(visit, template, &visit.eff)?);
        }
        self.item = outside;
        Ok(selected)
    }

    /// ItemBatcher.
    fn batching(&mut self, visit: &Visit, batcher: &Json) -> Result<Batching, Fault> {
        self.world.seen_all("ItemBatcher", batcher);
        let input = match batcher.get("BatchInput") {
            Some(template) => Some(self.template(visit, template, &visit.eff)?),
            None => None,
        };
        let mut limits = [usize::MAX; 2];
        let mut values = Vec::new();
        for field in ["MaxItemsPerBatch", "MaxInputBytesPerBatch"] {
            let value = match batcher.get(&format!("{field}Path")).and_then(Json::as_text) {
                Some(path) => match self.find(visit, path, &visit.eff, false) {
                    Ok(value) => Some(value),
                    Err(_) => return Err(self.runtime(visit, Cause::Any).into()),
                },
                None => batcher.get(field).cloned(),
            };
            values.push(value);
        }
        for (limit, value) in limits.iter_mut().zip(values) {
            let Some(value) = value else { continue };
            if value.is_whole_but_written_otherwise() {
                return Err(Fault::Undefined);
            }
            match value.print().parse::<usize>() {
                Ok(0) => {}
                Ok(n) => *limit = n,
                // What is said of a number that will not do is not recorded.
                Err(_) => return Err(self.runtime(visit, Cause::Any).into()),
            }
        }
        Ok(Batching { input, items_max: limits[0], bytes_max: limits[1] })
    }

    fn not_a_list(&self, visit: &Visit) -> Failure {
        let path = visit.text("ItemsPath").unwrap_or("$");
        let path = path.strip_prefix("$$").map_or(path.to_owned(), |p| format!("${p}"));
        self.runtime(visit, format!("Reference path \"{path}\" must point to array."))
    }

    /// A field of a Map that has a `Path` form.
    fn limit(&self, visit: &Visit, field: &str) -> Result<Option<Json>, Failure> {
        match visit.text(&format!("{field}Path")) {
            Some(path) => match self.find(visit, path, &visit.eff, false) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(self.runtime(visit, Cause::Any)),
            },
            None => Ok(visit.state.get(field).cloned()),
        }
    }

    fn bad(&self, visit: &Visit, field: &str, kind: &str, value: &Json, path: &str) -> Failure {
        let plain = value.as_text().map_or_else(|| value.print(), str::to_owned);
        let text = format!("The {field} field refers to value \"{plain}\" which is not a valid {kind}: {path}");
        self.runtime(visit, text)
    }

    /// Runs children on a virtual schedule; the list of their outputs.
    fn children(&mut self, visit: &Visit, brood: Brood) -> Result<Json, Fault> {
        let start_ms = self.now_ms;
        let total = brood.inputs.len();
        let tolerated = brood.distributed.unwrap_or(0);
        let mut places: Vec<(i64, Option<usize>)> = Vec::new();
        let mut failures: Vec<(i64, usize)> = Vec::new();
        let mut ended: Vec<Ended> = Vec::new();
        for (index, input) in brood.inputs.iter().enumerate() {
            let place = if places.len() < brood.places { None } else { (0..places.len()).min_by_key(|p| places[*p]) };
            let (begin, freed_by) = place.map_or((start_ms, None), |p| places[p]);
            let deadline = failures.get(tolerated).map_or(self.deadline_ms, |(time, _)| (*time).min(self.deadline_ms));
            if begin >= deadline {
                break;
            }
            let child = self.child(visit, &brood, index, input.clone(), (begin, deadline));
            match place {
                Some(p) => places[p] = (child.end_ms, Some(index)),
                None => places.push((child.end_ms, Some(index))),
            }
            match &child.end {
                Err(Fault::Undefined) => return Err(Fault::Undefined),
                Err(Fault::Failed(_)) => failures.extend(vec![(child.end_ms, index); brood.weights[index]]),
                _ => {}
            }
            failures.sort_unstable();
            ended.push(Ended { freed_by, ..child });
        }
        let failed = failures.get(tolerated).copied();
        let base = self.history.events.len();
        let order = if brood.distributed.is_none() { self.put(&ended, failed) } else { Vec::new() };
        let id = |index: usize, local: usize| {
            let rank = order.iter().position(|place| *place == (index, local - 1));
            base + rank.map_or(usize::MAX / 2, |rank| rank + 1)
        };
        if let Some((end_ms, first)) = failed {
            self.now_ms = end_ms;
            let Err(Fault::Failed(mut failure)) = ended.swap_remove(first).end else { return Err(Fault::Undefined) };
            if brood.distributed.is_some() {
                let error = Some("States.ExceedToleratedFailureThreshold".to_owned());
                let text = "The specified tolerated failure threshold was exceeded".to_owned();
                let cause = Cause::Text(text);
                self.event("MapRunFailed", super::interpreter::told(error.as_deref(), &cause));
                return Err(Failure { error, cause, origin: None, catchable: true }.into());
            }
            if let Some((state, entered)) = &mut failure.origin
                && state != visit.name
            {
                *entered = id(first, *entered);
            }
            return Err(failure.into());
        }
        let latest = ended.iter().enumerate().max_by_key(|(index, child)| (child.end_ms, *index));
        let latest = latest.map(|(index, child)| (index, child.history.events.len(), child.end_ms));
        let complete = ended.len() == total;
        let mut outputs = Vec::new();
        for child in ended {
            match child.end {
                Ok(output) => outputs.push(output),
                Err(Fault::Failed(_)) => {}
                Err(_) => {
                    self.now_ms = self.deadline_ms;
                    return Err(Fault::Stopped);
                }
            }
        }
        if !complete {
            self.now_ms = self.deadline_ms;
            return Err(Fault::Stopped);
        }
        if let Some((index, last, end_ms)) = latest {
            self.now_ms = end_ms;
            if brood.distributed.is_none() {
                self.history.chain = id(index, last);
            }
        }
        Ok(Json::List(outputs))
    }

    fn child(&mut self, visit: &Visit, brood: &Brood, index: usize, input: Json, time: (i64, i64)) -> Ended {
        let (begin, deadline) = time;
        let alone = brood.distributed.is_some();
        let is_item = brood.items.is_some();
        let mut child = Run {
            world: &mut *self.world,
            input: self.input.clone(),
            started_ms: self.started_ms,
            variables: self.variables.clone(),
            now_ms: begin,
            deadline_ms: deadline,
            history: History::default(),
            item: if is_item { Some((index, input.clone())) } else { self.item.clone() },
            branch: !is_item,
        };
        let about = || vec![is("name", visit.name), is("index", index.to_string())];
        if alone {
            child.history.side(0, begin, "ExecutionStarted", Vec::new());
        } else if is_item {
            child.event("MapIterationStarted", about());
        }
        // The Map's own state selects, whoever runs the item.
        let selected = match brood.items.flatten() {
            Some(template) => child.template(visit, template, &visit.eff).map_err(Fault::from),
            None => Ok(input),
        };
        let end = selected.and_then(|input| {
            if alone {
                // An execution of its own.
                child.variables.clear();
                child.input = input.clone();
                child.started_ms = begin;
            }
            child.scope(brood.object, brood.scopes[index], input)
        });
        if is_item && !alone {
            let ending = match &end {
                Ok(_) => "Succeeded",
                Err(Fault::Failed(_)) => "Failed",
                Err(_) => "Aborted",
            };
            let chain = child.history.chain;
            child.history.side(chain, child.now_ms, format!("MapIteration{ending}"), about());
        }
        Ended { end, end_ms: child.now_ms, history: std::mem::take(&mut child.history), freed_by: None }
    }

    /// Puts the children's events behind the parent's own; which stands where.
    fn put(&mut self, ended: &[Ended], failed: Option<(i64, usize)>) -> Vec<(usize, usize)> {
        let seen = |index: usize, time: i64| match failed {
            Some((end, first)) if index != first => time < end || (time == end && index < first),
            _ => true,
        };
        let mut order: Vec<(i64, usize, usize)> = Vec::new();
        for (index, child) in ended.iter().enumerate() {
            let kept = child.history.events.iter().enumerate().filter(|(_, event)| seen(index, event.time_ms));
            order.extend(kept.map(|(n, event)| (event.time_ms, index, n)));
        }
        order.sort_unstable();
        let order: Vec<(usize, usize)> = order.into_iter().map(|(_, index, n)| (index, n)).collect();
        let (base, link) = (self.history.events.len(), self.history.chain);
        let id = |index: usize, local: usize| {
            base + 1 + order.iter().position(|place| *place == (index, local - 1)).unwrap_or(usize::MAX / 2)
        };
        let placed: Vec<Event> = order
            .iter()
            .map(|(index, n)| {
                let event = &ended[*index].history.events[*n];
                let previous = match (event.previous, ended[*index].freed_by) {
                    (0, Some(before)) => id(before, ended[before].history.chain),
                    (0, None) => link,
                    (previous, _) => id(*index, previous),
                };
                Event { previous, ..event.clone() }
            })
            .collect();
        self.history.events.extend(placed);
        if let Some((_, first)) = failed {
            self.history.chain = id(first, ended[first].history.chain);
        }
        order
    }
}
