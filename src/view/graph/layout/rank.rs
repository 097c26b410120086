//! Ranks: which nodes stand above which others.
//!
//! Links that close a cycle, found by walking from the first nodes in the order of the links, count for nothing here. All
//! others lead to a higher rank. A rank that is full passes nodes on to the next one, so that thirty targets of one Choice
//! stand in rows rather than in one line.

/// The ranks of nodes, and which links lead against them.
pub(super) struct Ranks {
    /// For each node its rank, from 0.
    pub of: Vec<usize>,
    /// For each link whether it leads back, to the same or a lower rank.
    pub back: Vec<bool>,
}

/// Ranks nodes; at most `abreast` of them stand on one rank.
pub(super) fn ranks(count: usize, links: &[(usize, usize)], abreast: usize) -> Ranks {
    let mut out = vec![Vec::new(); count];
    for (link, (from, _)) in links.iter().enumerate() {
        out[*from].push(link);
    }
    let (back, seen) = walk(count, links, &out);
    let mut incoming = vec![0usize; count];
    for (link, (_, to)) in links.iter().enumerate().filter(|(link, _)| !back[*link]) {
        debug_assert!(link < back.len());
        incoming[*to] += 1;
    }
    // The longest way from above decides where a node may stand; among those that may, the first that was walked to.
    let mut of = vec![0; count];
    let mut ready: std::collections::BTreeSet<(usize, usize, usize)> =
        (0..count).filter(|node| incoming[*node] == 0).map(|node| (0, seen[node], node)).collect();
    let mut filled: Vec<usize> = Vec::new();
    while let Some((least, _, node)) = ready.pop_first() {
        let mut rank = least;
        while filled.get(rank).is_some_and(|nodes| *nodes >= abreast.max(1)) {
            rank += 1;
        }
        if filled.len() <= rank {
            filled.resize(rank + 1, 0);
        }
        filled[rank] += 1;
        of[node] = rank;
        for (_, to) in out[node].iter().filter(|link| !back[**link]).map(|link| links[*link]) {
            of[to] = of[to].max(rank + 1);
            incoming[to] -= 1;
            if incoming[to] == 0 {
                ready.insert((of[to], seen[to], to));
            }
        }
    }
    Ranks { of, back }
}

/// Walks along all links, deepest first; gives which links lead back to where the walk came from, and when each node was
/// first seen.
fn walk(count: usize, links: &[(usize, usize)], out: &[Vec<usize>]) -> (Vec<bool>, Vec<usize>) {
    let mut back = vec![false; links.len()];
    let mut seen = vec![usize::MAX; count];
    let mut open = vec![false; count];
    let mut entered = vec![false; count];
    for (_, to) in links {
        entered[*to] = true;
    }
    // Where nothing leads to, a scope starts; what cannot be reached from there comes last.
    let starts = (0..count).filter(|node| !entered[*node]).chain(0..count);
    let mut clock = 0;
    for start in starts {
        if seen[start] != usize::MAX {
            continue;
        }
        let mut stack = vec![(start, 0)];
        (seen[start], open[start]) = (clock, true);
        clock += 1;
        while let Some((node, next)) = stack.last_mut() {
            let Some(&link) = out[*node].get(*next) else {
                open[*node] = false;
                stack.pop();
                continue;
            };
            *next += 1;
            let to = links[link].1;
            if open[to] {
                back[link] = true;
            } else if seen[to] == usize::MAX {
                (seen[to], open[to]) = (clock, true);
                clock += 1;
                stack.push((to, 0));
            }
        }
    }
    (back, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_leads_back_and_a_full_rank_passes_on() {
        let found = ranks(3, &[(0, 1), (1, 2), (2, 1)], 4);
        assert_eq!((found.of, found.back), (vec![0, 1, 2], vec![false, false, true]));
        let fan: Vec<(usize, usize)> = (1..8).map(|node| (0, node)).collect();
        let found = ranks(8, &fan, 3);
        assert_eq!(found.of, [0, 1, 1, 1, 2, 2, 2, 3]);
    }
}
