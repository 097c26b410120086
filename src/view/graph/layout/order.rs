//! The order of vertices on each layer, with few crossings of links.
//!
//! Layers are swept down and up; each vertex moves to the middle of its neighbours on the layer before, then neighbours
//! change places where that takes crossings away. The best order of all sweeps is kept.

use super::layers::Layered;

/// Sweeps without a better order before it is given up.
const PATIENCE: usize = 6;
/// Sweeps in all.
const SWEEPS_MAX: usize = 40;
/// Beyond so many vertices each sweep takes long enough for few of them to do.
const LARGE: usize = 6_000;

/// Arranges the vertices of all layers.
pub(super) fn arrange(layered: &mut Layered) {
    let mut at = vec![0; layered.vertices.len()];
    number(&layered.layers, &mut at);
    let mut best = (crossings(layered, &at), layered.layers.clone());
    let sweeps = if layered.vertices.len() > LARGE { 4 } else { SWEEPS_MAX };
    let mut in_vain = 0;
    for sweep in 0..sweeps {
        if best.0 == 0 || in_vain > PATIENCE {
            break;
        }
        let down = sweep % 2 == 0;
        let count = layered.layers.len();
        for n in 1..count {
            let layer = if down { n } else { count - 1 - n };
            to_the_middle(layered, layer, down, &mut at);
        }
        swap_neighbours(layered, &mut at);
        let found = crossings(layered, &at);
        if found < best.0 {
            best = (found, layered.layers.clone());
            in_vain = 0;
        } else {
            in_vain += 1;
        }
    }
    layered.layers = best.1;
}

fn number(layers: &[Vec<usize>], at: &mut [usize]) {
    for layer in layers {
        for (n, vertex) in layer.iter().enumerate() {
            at[*vertex] = n;
        }
    }
}

/// Sorts a layer by the middles of its vertices' neighbours; vertices without any stay where they are.
fn to_the_middle(layered: &mut Layered, layer: usize, down: bool, at: &mut [usize]) {
    let neighbours = if down { &layered.above } else { &layered.below };
    let old = &layered.layers[layer];
    let mut moving: Vec<(f64, usize)> = old
        .iter()
        .filter(|vertex| !neighbours[**vertex].is_empty())
        .map(|vertex| {
            let sum: usize = neighbours[*vertex].iter().map(|neighbour| at[*neighbour]).sum();
            (sum as f64 / neighbours[*vertex].len() as f64, *vertex)
        })
        .collect();
    // Stable: what is equally far keeps its order.
    moving.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut moving = moving.into_iter().map(|(_, vertex)| vertex);
    let new: Vec<usize> = old
        .iter()
        .map(|vertex| if neighbours[*vertex].is_empty() { *vertex } else { moving.next().unwrap_or(*vertex) })
        .collect();
    for (n, vertex) in new.iter().enumerate() {
        at[*vertex] = n;
    }
    layered.layers[layer] = new;
}

/// Lets neighbours on a layer change places as long as that takes crossings away.
fn swap_neighbours(layered: &mut Layered, at: &mut [usize]) {
    let mut improved = true;
    let mut rounds = 0;
    while improved && rounds < 8 {
        improved = false;
        rounds += 1;
        for layer in 0..layered.layers.len() {
            for n in 1..layered.layers[layer].len() {
                let (left, right) = (layered.layers[layer][n - 1], layered.layers[layer][n]);
                let (mut now, mut swapped) = (0, 0);
                for neighbours in [&layered.above, &layered.below] {
                    for one in &neighbours[left] {
                        for other in &neighbours[right] {
                            now += usize::from(at[*one] > at[*other]);
                            swapped += usize::from(at[*one] < at[*other]);
                        }
                    }
                }
                if swapped < now {
                    layered.layers[layer].swap(n - 1, n);
                    (at[left], at[right]) = (n, n - 1);
                    improved = true;
                }
            }
        }
    }
}

/// How many pieces of links cross.
fn crossings(layered: &Layered, at: &[usize]) -> usize {
    let mut count = 0;
    for (upper, lower) in layered.layers.iter().zip(layered.layers.iter().skip(1)) {
        // Inversions among the lower ends, taken in the order of the upper ones, by a tree of partial sums.
        let mut sums = vec![0usize; lower.len() + 1];
        let mut seen = 0;
        for vertex in upper {
            let mut ends: Vec<usize> = layered.below[*vertex].iter().map(|end| at[*end]).collect();
            ends.sort_unstable();
            for end in &ends {
                let (mut n, mut before) = (end + 1, 0);
                while n > 0 {
                    before += sums[n];
                    n &= n - 1;
                }
                count += seen - before;
            }
            for end in ends {
                seen += 1;
                let mut n = end + 1;
                while n < sums.len() {
                    sums[n] += 1;
                    n += n & n.wrapping_neg();
                }
            }
        }
    }
    count
}
