//! Horizontal places, by the method of Brandes and Köpf ("Fast and Simple Horizontal Coordinate Assignment", 2001).
//!
//! Each vertex is aligned with the middle one of its neighbours, once towards each of the four corners; links on their
//! way, which make long straight lines, go first. Every alignment is packed as tightly as sizes allow, and a vertex comes
//! to the middle of its four places: since each of these keeps the distances, so does the middle.

use super::layers::{Kind, Layered};
use std::collections::BTreeSet;

/// The least distance between two nodes of a row.
pub(super) const GAP_BETWEEN_NODES: f64 = 36.0;

/// The least distance between the edges of two neighbours on a layer.
fn gap(one: Kind, other: Kind) -> f64 {
    match (one, other) {
        (Kind::Node(_), Kind::Node(_)) => GAP_BETWEEN_NODES,
        (Kind::Label, Kind::Label) => 14.0,
        (Kind::Pass | Kind::Turn, Kind::Pass | Kind::Turn) => 16.0,
        (Kind::Label, Kind::Pass | Kind::Turn) | (Kind::Pass | Kind::Turn, Kind::Label) => 12.0,
        _ => 24.0,
    }
}

/// The middle of each vertex; the leftmost edge of all is at 0.
pub(super) fn places(layered: &Layered) -> Vec<f64> {
    let conflicts = conflicts(layered);
    let mut candidates: Vec<Vec<f64>> = Vec::new();
    for up in [true, false] {
        for left in [true, false] {
            candidates.push(aligned(layered, &conflicts, up, left));
        }
    }
    // All are moved to where the narrowest of them is.
    let extents: Vec<(f64, f64)> = candidates.iter().map(|xs| extent(layered, xs)).collect();
    let narrowest = (0..4).min_by(|a, b| (extents[*a].1 - extents[*a].0).total_cmp(&(extents[*b].1 - extents[*b].0)));
    let (low, high) = extents[narrowest.unwrap_or(0)];
    for (n, xs) in candidates.iter_mut().enumerate() {
        let shift = if n % 2 == 0 { low - extents[n].0 } else { high - extents[n].1 };
        xs.iter_mut().for_each(|x| *x += shift);
    }
    let mut middle: Vec<f64> = (0..layered.vertices.len())
        .map(|vertex| {
            let mut four = [0, 1, 2, 3].map(|n| candidates[n][vertex]);
            four.sort_by(f64::total_cmp);
            (four[1] + four[2]) / 2.0
        })
        .collect();
    straighten(layered, &mut middle);
    let (low, _) = extent(layered, &middle);
    middle.iter_mut().for_each(|x| *x -= low);
    middle
}

/// Takes detours away: a link that runs further to a side than both its ends moves back, as far as its neighbours let it.
fn straighten(layered: &Layered, x: &mut [f64]) {
    let mut at = vec![0; x.len()];
    for layer in &layered.layers {
        for (n, vertex) in layer.iter().enumerate() {
            at[*vertex] = n;
        }
    }
    let passes = |vertex: usize| {
        matches!(layered.vertices[vertex].kind, Kind::Pass | Kind::Label)
            && layered.above[vertex].len() == 1
            && layered.below[vertex].len() == 1
    };
    for _ in 0..2 {
        for top in layered.layers.iter().flatten().copied().filter(|vertex| passes(*vertex)) {
            let above = layered.above[top][0];
            if passes(above) && (x[above] - x[top]).abs() < 0.05 {
                // It moves with the vertex that its straight part begins with.
                continue;
            }
            let mut straight = vec![top];
            let mut below = layered.below[top][0];
            while passes(below) && (x[below] - x[top]).abs() < 0.05 {
                straight.push(below);
                below = layered.below[below][0];
            }
            let wanted = x[top].clamp(x[above].min(x[below]), x[above].max(x[below])) - x[top];
            let room = straight.iter().map(|vertex| room(layered, x, at[*vertex], *vertex, wanted));
            let step = room.fold(wanted.abs(), f64::min).max(0.0).copysign(wanted);
            straight.iter().for_each(|vertex| x[*vertex] += step);
        }
    }
}

/// How far a vertex may move to the side that `towards` has the sign of.
fn room(layered: &Layered, x: &[f64], at: usize, vertex: usize, towards: f64) -> f64 {
    let layer = &layered.layers[layered.vertices[vertex].layer];
    let neighbour = if towards < 0.0 { at.checked_sub(1).and_then(|n| layer.get(n)) } else { layer.get(at + 1) };
    neighbour.map_or(f64::INFINITY, |other| {
        let (one, two) = (layered.vertices[vertex], layered.vertices[*other]);
        (x[*other] - x[vertex]).abs() - (one.size.width + two.size.width) / 2.0 - gap(one.kind, two.kind)
    })
}

fn extent(layered: &Layered, xs: &[f64]) -> (f64, f64) {
    let half = |vertex: usize| layered.vertices[vertex].size.width / 2.0;
    let low = xs.iter().enumerate().map(|(n, x)| x - half(n)).fold(f64::INFINITY, f64::min);
    let high = xs.iter().enumerate().map(|(n, x)| x + half(n)).fold(f64::NEG_INFINITY, f64::max);
    if xs.is_empty() { (0.0, 0.0) } else { (low, high) }
}

/// Pieces of links, upper end first, that nothing is aligned along: those that cross a piece between two vertices that are
/// no nodes, those that lead beside a node's normal course, and those that join or leave a way past broken rows.
fn conflicts(layered: &Layered) -> BTreeSet<(usize, usize)> {
    let mut at = vec![0; layered.vertices.len()];
    for layer in &layered.layers {
        for (n, vertex) in layer.iter().enumerate() {
            at[*vertex] = n;
        }
    }
    let long = |upper: usize, lower: usize| {
        let is_way = |vertex: usize| !matches!(layered.vertices[vertex].kind, Kind::Node(_));
        is_way(upper) && is_way(lower)
    };
    let mut found = BTreeSet::new();
    // Where a node has a normal course, that goes straight on, not what leads beside it.
    let is_node = |vertex: usize| matches!(layered.vertices[vertex].kind, Kind::Node(_));
    let is_aside = |upper: usize, lower: usize| layered.aside.contains(&(upper, lower));
    for &(upper, lower) in &layered.aside {
        let course_below = is_node(upper) && layered.below[upper].iter().any(|other| !is_aside(upper, *other));
        let course_above = is_node(lower) && layered.above[lower].iter().any(|other| !is_aside(*other, lower));
        if course_below || course_above {
            found.insert((upper, lower));
        }
    }
    // Past broken rows, a way that others join or leave goes straight on; they bend.
    let is_pass = |vertex: usize| layered.vertices[vertex].kind == Kind::Pass;
    for (upper, below) in layered.below.iter().enumerate().filter(|_| layered.broken) {
        for &lower in below.iter().filter(|lower| !(is_pass(upper) && is_pass(**lower))) {
            let leaves = is_pass(upper) && below.iter().any(|other| is_pass(*other));
            let joins = is_pass(lower) && layered.above[lower].iter().any(|other| is_pass(*other));
            if leaves || joins {
                found.insert((upper, lower));
            }
        }
    }
    for upper in &layered.layers {
        let pieces: Vec<(usize, usize)> =
            upper.iter().flat_map(|vertex| layered.below[*vertex].iter().map(move |below| (*vertex, *below))).collect();
        let straight: Vec<(usize, usize)> = pieces.iter().copied().filter(|(u, l)| long(*u, *l)).collect();
        for (u, l) in pieces.into_iter().filter(|(u, l)| !long(*u, *l)) {
            let crosses = |(other_u, other_l): &(usize, usize)| {
                (at[u] < at[*other_u] && at[l] > at[*other_l]) || (at[u] > at[*other_u] && at[l] < at[*other_l])
            };
            if straight.iter().any(crosses) {
                found.insert((u, l));
            }
        }
    }
    found
}

/// Places for one of the four corners: aligned upwards or downwards, packed to the left or to the right.
fn aligned(layered: &Layered, conflicts: &BTreeSet<(usize, usize)>, up: bool, left: bool) -> Vec<f64> {
    let count = layered.vertices.len();
    // The drawing is mirrored so that the corner is always the upper left one.
    let mut layers: Vec<Vec<usize>> = layered.layers.clone();
    if !up {
        layers.reverse();
    }
    if !left {
        layers.iter_mut().for_each(|layer| layer.reverse());
    }
    let neighbours = if up { &layered.above } else { &layered.below };
    let mut at = vec![0; count];
    for layer in &layers {
        for (n, vertex) in layer.iter().enumerate() {
            at[*vertex] = n;
        }
    }
    let mut root: Vec<usize> = (0..count).collect();
    let mut align: Vec<usize> = (0..count).collect();
    for layer in &layers {
        let mut last = None;
        for &vertex in layer {
            let mut near = neighbours[vertex].clone();
            near.sort_by_key(|neighbour| at[*neighbour]);
            if near.is_empty() {
                continue;
            }
            for middle in [(near.len() - 1) / 2, near.len() / 2] {
                let neighbour = near[middle];
                let piece = if up { (neighbour, vertex) } else { (vertex, neighbour) };
                let free = align[vertex] == vertex && last.is_none_or(|last| last < at[neighbour]);
                if free && !conflicts.contains(&piece) {
                    align[neighbour] = vertex;
                    root[vertex] = root[neighbour];
                    align[vertex] = root[vertex];
                    last = Some(at[neighbour]);
                }
            }
        }
    }
    let xs = packed(layered, &layers, &root);
    if left { xs } else { xs.into_iter().map(|x| -x).collect() }
}

/// Packs blocks of aligned vertices to the left, then draws each as far to the right as the others leave room, so that
/// nothing stands further away than it has to.
fn packed(layered: &Layered, layers: &[Vec<usize>], root: &[usize]) -> Vec<f64> {
    let count = root.len();
    let mut after: Vec<Vec<(usize, f64)>> = vec![Vec::new(); count];
    let mut before: Vec<usize> = vec![0; count];
    for layer in layers {
        for pair in layer.windows(2) {
            let [one, other] = [layered.vertices[pair[0]], layered.vertices[pair[1]]];
            let distance = (one.size.width + other.size.width) / 2.0 + gap(one.kind, other.kind);
            after[root[pair[0]]].push((root[pair[1]], distance));
            before[root[pair[1]]] += 1;
        }
    }
    let mut order: Vec<usize> = (0..count).filter(|v| root[*v] == *v && before[*v] == 0).collect();
    let mut x = vec![0.0f64; count];
    let mut next = 0;
    while let Some(&block) = order.get(next) {
        next += 1;
        for (other, distance) in &after[block] {
            x[*other] = x[*other].max(x[block] + distance);
            before[*other] -= 1;
            if before[*other] == 0 {
                order.push(*other);
            }
        }
    }
    debug_assert!((0..count).all(|v| root[v] != v || before[v] == 0), "blocks stand in a circle");
    for &block in order.iter().rev() {
        let room = after[block].iter().map(|(other, distance)| x[*other] - distance).fold(f64::INFINITY, f64::min);
        if room.is_finite() {
            x[block] = x[block].max(room);
        }
    }
    (0..count).map(|vertex| x[root[vertex]]).collect()
}
