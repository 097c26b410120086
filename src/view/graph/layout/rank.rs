//! Ranks: which nodes stand above which others.
//!
//! Links that close a cycle, found by walking from the first nodes in the order of the links, count for nothing here. All
//! others lead to a higher rank, and a node stands as high as they let it.

/// The ranks of nodes, and which links lead against them.
pub(super) struct Ranks {
    /// For each node its rank, from 0.
    pub of: Vec<usize>,
    /// For each link whether it leads back, to the same or a lower rank.
    pub back: Vec<bool>,
}

/// Ranks nodes.
pub(super) fn ranks(count: usize, links: &[(usize, usize)]) -> Ranks {
    let mut out = vec![Vec::new(); count];
    for (link, (from, _)) in links.iter().enumerate() {
        out[*from].push(link);
    }
    let back = walk(count, links, &out);
    let mut incoming = vec![0usize; count];
    for (link, (_, to)) in links.iter().enumerate() {
        incoming[*to] += usize::from(!back[link]);
    }
    // The longest way from above decides where a node stands.
    let mut of = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| incoming[*node] == 0).collect();
    let mut next = 0;
    while let Some(&node) = ready.get(next) {
        next += 1;
        for (_, to) in out[node].iter().filter(|link| !back[**link]).map(|link| links[*link]) {
            of[to] = of[to].max(of[node] + 1);
            incoming[to] -= 1;
            if incoming[to] == 0 {
                ready.push(to);
            }
        }
    }
    Ranks { of, back }
}

/// Walks along all links, deepest first; gives which links lead back to where the walk came from.
fn walk(count: usize, links: &[(usize, usize)], out: &[Vec<usize>]) -> Vec<bool> {
    let mut back = vec![false; links.len()];
    let mut seen = vec![false; count];
    let mut open = vec![false; count];
    let mut entered = vec![false; count];
    for (_, to) in links {
        entered[*to] = true;
    }
    // Where nothing leads to, a scope starts; what cannot be reached from there comes last.
    let starts = (0..count).filter(|node| !entered[*node]).chain(0..count);
    for start in starts {
        if seen[start] {
            continue;
        }
        let mut stack = vec![(start, 0)];
        (seen[start], open[start]) = (true, true);
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
            } else if !seen[to] {
                (seen[to], open[to]) = (true, true);
                stack.push((to, 0));
            }
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_leads_back_and_all_else_down() {
        let found = ranks(3, &[(0, 1), (1, 2), (2, 1)]);
        assert_eq!((found.of, found.back), (vec![0, 1, 2], vec![false, false, true]));
        let found = ranks(4, &[(0, 3), (0, 1), (1, 2), (2, 3), (3, 3)]);
        assert_eq!((found.of, found.back), (vec![0, 1, 2, 3], vec![false, false, false, false, true]));
    }
}
