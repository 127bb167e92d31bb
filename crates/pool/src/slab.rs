//! Things in numbered slots: each is found in one step, however many there are.

use std::num::NonZeroU32;

/// A slot; it is used again once what was in it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(NonZeroU32);

#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<Slot>,
}

// === impl Slot ===

impl Slot {
    /// Where it is in a row of all slots, from 0.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The slot behind so many others.
    pub(crate) const fn after(others: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(others))
    }

    fn at(index: usize) -> Self {
        Self::after(u32::try_from(index).expect("memory ends before the numbers of slots do"))
    }
}

// === impl Slab ===

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// The slot that the next thing goes into.
    pub(crate) fn next_slot(&self) -> Slot {
        self.free.last().copied().unwrap_or_else(|| Slot::at(self.slots.len()))
    }

    pub(crate) fn insert(&mut self, thing: T) -> Slot {
        let slot = self.next_slot();
        match self.free.pop() {
            Some(_) => self.slots[slot.index()] = Some(thing),
            None => self.slots.push(Some(thing)),
        }
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let thing = self.slots.get_mut(slot.index())?.take()?;
        self.free.push(slot);
        Some(thing)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        self.slots.get(slot.index())?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.slots.get_mut(slot.index())?.as_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// All things with their slots, in the order of the slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, thing)| Some((Slot::at(index), thing.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_found_until_they_are_removed_and_their_slots_are_used_again() {
        let mut slab = Slab::default();
        let [a, b] = [slab.insert('a'), slab.insert('b')];
        assert_eq!((slab.get(a), slab.get(b), slab.len()), (Some(&'a'), Some(&'b'), 2));

        assert_eq!((slab.remove(a), slab.remove(a)), (Some('a'), None));
        assert_eq!((slab.get(a), slab.len(), slab.next_slot()), (None, 1, a));

        assert_eq!(slab.insert('c'), a);
        assert_eq!(slab.iter().collect::<Vec<_>>(), [(a, &'c'), (b, &'b')]);
        *slab.get_mut(b).unwrap() = 'd';
        assert_eq!(slab.get(b), Some(&'d'));
    }
}
