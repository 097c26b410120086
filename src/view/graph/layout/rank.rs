//! Ranks: which nodes stand above which others.
//!
//! Links that close a cycle, found by walking from the first nodes in the order of the links, count for nothing here. All
//! others lead to a higher rank, and a node stands as high as they let it. What would make a row much wider than a page is
//! high takes several rows: a Choice with fifty targets is read in lines, as a text is.

/// The ranks of nodes, and which links lead against them.
pub(super) struct Ranks {
    /// For each node its rank, from 0.
    pub of: Vec<usize>,
    /// For each link whether it leads back, to the same or a lower rank.
    pub back: Vec<bool>,
    /// For each node how many rows further down it stands than others for which there was room.
    pub moved: Vec<usize>,
}

/// Rows of fewer nodes are never broken: these are large, and belong side by side.
const BROKEN_MIN: usize = 8;
/// Rows up to this width are not broken.
const ROW_WIDTH: f64 = 1_300.0;
/// About how high a row is, with its labels.
const ROW_HEIGHT: f64 = 110.0;
/// Many rows together become about so much wider than they are high.
const ASPECT: f64 = 2.0;

/// Ranks nodes; `widths` is what each of them takes in its row.
pub(super) fn ranks(widths: &[f64], links: &[(usize, usize)]) -> Ranks {
    let count = widths.len();
    let mut out = vec![Vec::new(); count];
    for (link, (from, _)) in links.iter().enumerate() {
        out[*from].push(link);
    }
    let back = walk(count, links, &out);
    // What leads down: the links that do, and behind them what keeps the lines of broken rows one below the other.
    let mut down: Vec<(usize, usize)> = links.iter().zip(&back).filter(|(_, back)| !**back).map(|(l, _)| *l).collect();
    let mut of = longest(count, &down);
    let mut moved = vec![0; count];
    let mut settled = vec![false; count];
    let mut rank = 0;
    while rank <= of.iter().copied().max().unwrap_or(0) {
        let row: Vec<usize> = (0..count).filter(|node| of[*node] == rank && !settled[*node]).collect();
        let lines = lines(&row, widths);
        if lines.len() > 1 {
            for (n, line) in lines.iter().enumerate() {
                line.iter().for_each(|node| (settled[*node], moved[*node]) = (true, n));
                if let Some(next) = lines.get(n + 1) {
                    let own = own(line, count, &down, &of);
                    down.extend(own.iter().flat_map(|node| next.iter().map(|below| (*node, *below))));
                }
            }
            of = longest(count, &down);
        }
        rank += 1;
    }
    Ranks { of, back, moved }
}

/// The row in lines of about the same width: one, unless it is too wide.
fn lines(row: &[usize], widths: &[f64]) -> Vec<Vec<usize>> {
    let total: f64 = row.iter().map(|node| widths[*node]).sum();
    let most = ROW_WIDTH.max((total * ROW_HEIGHT * ASPECT).sqrt());
    let count = if row.len() < BROKEN_MIN { 1.0 } else { (total / most).ceil().max(1.0) };
    let mut lines: Vec<Vec<usize>> = vec![Vec::new()];
    let mut taken = 0.0;
    for &node in row {
        // Half of a node over the edge is still in.
        if taken + widths[node] / 2.0 > total / count * lines.len() as f64 && taken > 0.0 {
            lines.push(Vec::new());
        }
        taken += widths[node];
        lines.last_mut().into_iter().for_each(|line| line.push(node));
    }
    lines
}

/// The nodes of a line, and all that only they lead to: what follows a node stands below it, before the next line.
fn own(line: &[usize], count: usize, down: &[(usize, usize)], of: &[usize]) -> Vec<usize> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); count];
    down.iter().for_each(|(from, to)| above[*to].push(*from));
    let mut mine = vec![false; count];
    line.iter().for_each(|node| mine[*node] = true);
    let mut order: Vec<usize> = (0..count).filter(|node| !mine[*node] && !above[*node].is_empty()).collect();
    order.sort_by_key(|node| of[*node]);
    for node in order {
        mine[node] = above[node].iter().all(|from| mine[*from]);
    }
    (0..count).filter(|node| mine[*node]).collect()
}

/// The longest way from above decides where a node stands.
fn longest(count: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let mut out = vec![Vec::new(); count];
    let mut incoming = vec![0usize; count];
    for (from, to) in down {
        out[*from].push(*to);
        incoming[*to] += 1;
    }
    let mut of = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| incoming[*node] == 0).collect();
    let mut next = 0;
    while let Some(&node) = ready.get(next) {
        next += 1;
        for &to in &out[node] {
            of[to] = of[to].max(of[node] + 1);
            incoming[to] -= 1;
            if incoming[to] == 0 {
                ready.push(to);
            }
        }
    }
    of
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
        let found = ranks(&[100.0; 3], &[(0, 1), (1, 2), (2, 1)]);
        assert_eq!((found.of, found.back), (vec![0, 1, 2], vec![false, false, true]));
        let found = ranks(&[100.0; 4], &[(0, 3), (0, 1), (1, 2), (2, 3), (3, 3)]);
        assert_eq!((found.of, found.back), (vec![0, 1, 2, 3], vec![false, false, false, false, true]));
    }

    #[test]
    fn a_row_of_many_is_broken_and_what_follows_stays_below() {
        let links: Vec<(usize, usize)> = (1..=60).flat_map(|n| [(0, n), (n, 61)]).collect();
        let found = ranks(&[160.0; 62], &links);
        let last = found.of[61];
        assert!((4..12).contains(&last), "{last} rows");
        let most = (1..last).map(|rank| found.of.iter().filter(|of| **of == rank).count()).max();
        assert!(most.is_some_and(|most| most <= 12), "{:?}", found.of);
        assert!(links.iter().all(|(from, to)| found.of[*from] < found.of[*to]));
        assert_eq!((found.moved[1], found.moved[60]), (0, last - 2));
        // Few and large ones stay side by side.
        assert_eq!(ranks(&[900.0; 4], &[(0, 1), (0, 2), (0, 3)]).of, [0, 1, 1, 1]);
    }

    #[test]
    fn what_follows_a_node_of_a_broken_row_stands_right_below_it() {
        // 40 chains of three, then a common end.
        let links: Vec<(usize, usize)> = (0..40)
            .flat_map(|n| [(0, 1 + 3 * n), (1 + 3 * n, 2 + 3 * n), (2 + 3 * n, 3 + 3 * n), (3 + 3 * n, 121)])
            .collect();
        let found = ranks(&[160.0; 122], &links);
        for n in 0..40 {
            let at = found.of[1 + 3 * n];
            assert_eq!((found.of[2 + 3 * n], found.of[3 + 3 * n]), (at + 1, at + 2), "chain {n}");
        }
        assert!(found.moved[118] > 2 && found.of[121] == *found.of.iter().max().unwrap());
    }
}
