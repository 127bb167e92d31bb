//! Lists through slots: whoever joins, joins at the end, and leaves from anywhere in one step.

use crate::slab::Slot;

/// The links of all slots, each of which is in one list of these links at most.
#[derive(Debug, Default)]
pub(crate) struct Links(Vec<Link>);

/// One list, in the order in which its slots joined.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct List {
    first: Option<Slot>,
    last: Option<Slot>,
    len: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Link {
    before: Option<Slot>,
    after: Option<Slot>,
}

// === impl List ===

impl List {
    pub(crate) fn first(&self) -> Option<Slot> {
        self.first
    }

    pub(crate) fn last(&self) -> Option<Slot> {
        self.last
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

// === impl Links ===

impl Links {
    /// Joins a slot that is in no list.
    pub(crate) fn push(&mut self, list: &mut List, slot: Slot) {
        if self.0.len() <= slot.index() {
            self.0.resize(slot.index() + 1, Link::default());
        }
        self.0[slot.index()] = Link { before: list.last, after: None };
        match list.last {
            Some(last) => self.0[last.index()].after = Some(slot),
            None => list.first = Some(slot),
        }
        list.last = Some(slot);
        list.len += 1;
    }

    /// Takes out a slot that is in this list.
    pub(crate) fn remove(&mut self, list: &mut List, slot: Slot) {
        let Link { before, after } = self.0[slot.index()];
        match before {
            Some(before) => self.0[before.index()].after = after,
            None => list.first = after,
        }
        match after {
            Some(after) => self.0[after.index()].before = before,
            None => list.last = before,
        }
        list.len -= 1;
    }

    pub(crate) fn iter(&self, list: &List) -> impl Iterator<Item = Slot> {
        std::iter::successors(list.first, |slot| self.0[slot.index()].after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_whoever_leaves() {
        let (mut links, mut list) = (Links::default(), List::default());
        let [a, b, c, d] = [0, 1, 2, 3].map(Slot::after);
        for slot in [c, a, d, b] {
            links.push(&mut list, slot);
        }
        assert_eq!(order(&links, &list), [c, a, d, b]);

        links.remove(&mut list, d);
        assert_eq!(order(&links, &list), [c, a, b]);
        links.remove(&mut list, c);
        links.remove(&mut list, b);
        assert_eq!(order(&links, &list), [a]);
        links.push(&mut list, c);
        links.remove(&mut list, a);
        links.remove(&mut list, c);
        assert_eq!(order(&links, &list), []);
    }

    #[test]
    fn lists_of_the_same_links_share_nothing() {
        let (mut links, mut one, mut other) = (Links::default(), List::default(), List::default());
        let [a, b] = [0, 1].map(Slot::after);
        links.push(&mut one, a);
        links.push(&mut other, b);
        links.remove(&mut one, a);
        links.push(&mut other, a);

        assert_eq!((order(&links, &one), order(&links, &other)), (vec![], vec![b, a]));
    }

    fn order(links: &Links, list: &List) -> Vec<Slot> {
        let order: Vec<Slot> = links.iter(list).collect();
        assert_eq!(
            (list.first(), list.last(), list.len()),
            (order.first().copied(), order.last().copied(), order.len())
        );
        order
    }
}
