//! The windows of one key.

use serde::{Deserialize, Serialize};

use super::timers::{PaneTimers, Wakes};
use crate::window::function::Contents;

/// What is kept of a key.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyEntry<W, A, S> {
    pub(super) wakes: Wakes,
    pub(super) windows: KeyWindows<W, A, S>,
}

impl<W, A, S> KeyEntry<W, A, S> {
    pub(super) const fn new() -> Self {
        Self {
            wakes: Wakes::NONE,
            windows: KeyWindows::None,
        }
    }
}

/// A window with what it holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Pane<W, A, S> {
    pub(super) window: W,
    /// None after a purge.
    pub(super) contents: Option<A>,
    /// What the trigger remembers of it.
    pub(super) trigger: S,
    /// The trigger's timers.
    pub(super) timers: PaneTimers,
}

impl<W, A, S: Default> Pane<W, A, S> {
    pub(super) fn new(window: W) -> Self {
        Self {
            window,
            contents: None,
            trigger: S::default(),
            timers: PaneTimers::None,
        }
    }
}

impl<W, A, S> Pane<W, A, S> {
    /// What it holds, for a function to see, or to use up if the pane will not need it.
    #[inline]
    pub(super) fn contents_to_fire(&mut self, is_last: bool) -> Option<Contents<'_, A>> {
        if is_last {
            self.contents.take().map(Contents::Owned)
        } else {
            self.contents.as_mut().map(Contents::Borrowed)
        }
    }
}

/// The windows of one key, sorted. One is in place: what a session or a tumbling window needs most of the time.
#[derive(Serialize, Deserialize)]
pub(super) enum KeyWindows<W, A, S> {
    None,
    One(Pane<W, A, S>),
    Many(Vec<Pane<W, A, S>>),
}

impl<W: Ord, A, S> KeyWindows<W, A, S> {
    #[inline]
    pub(super) const fn as_slice(&self) -> &[Pane<W, A, S>] {
        match self {
            Self::None => &[],
            Self::One(pane) => std::slice::from_ref(pane),
            Self::Many(panes) => panes.as_slice(),
        }
    }

    #[inline]
    const fn as_mut_slice(&mut self) -> &mut [Pane<W, A, S>] {
        match self {
            Self::None => &mut [],
            Self::One(pane) => std::slice::from_mut(pane),
            Self::Many(panes) => panes.as_mut_slice(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// Where `window` is, or where it would be.
    #[inline]
    pub(super) fn find(&self, window: &W) -> Result<usize, usize> {
        self.as_slice()
            .binary_search_by(|pane| pane.window.cmp(window))
    }

    #[inline]
    pub(super) const fn get_mut(&mut self, index: usize) -> Option<&mut Pane<W, A, S>> {
        let panes = self.as_mut_slice();
        if index < panes.len() {
            panes.split_at_mut(index).1.first_mut()
        } else {
            None
        }
    }

    /// Puts a pane where [`find`](Self::find) said.
    pub(super) fn insert(&mut self, index: usize, pane: Pane<W, A, S>) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(pane),
            Self::One(only) => Self::Many(if index == 0 {
                vec![pane, only]
            } else {
                vec![only, pane]
            }),
            Self::Many(mut panes) => {
                panes.insert(index.min(panes.len()), pane);
                Self::Many(panes)
            }
        };
    }

    /// Takes a pane out.
    pub(super) fn remove(&mut self, index: usize) -> Option<Pane<W, A, S>> {
        match std::mem::replace(self, Self::None) {
            Self::None => None,
            Self::One(pane) => Some(pane),
            Self::Many(mut panes) => {
                let pane = (index < panes.len()).then(|| panes.remove(index));
                *self = match (panes.len(), panes.pop()) {
                    (1, Some(last)) => Self::One(last),
                    (_, None) => Self::None,
                    (_, Some(last)) => {
                        panes.push(last);
                        Self::Many(panes)
                    }
                };
                pane
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_sorted_and_shrinks_back_to_one_in_place() {
        let mut windows = KeyWindows::<u32, (), ()>::None;
        for window in [5, 1, 9, 3] {
            let Err(place) = windows.find(&window) else {
                panic!("{window} is new")
            };
            windows.insert(place, Pane::new(window));
        }
        let all = |windows: &KeyWindows<u32, (), ()>| -> Vec<u32> {
            windows.as_slice().iter().map(|pane| pane.window).collect()
        };
        assert_eq!(all(&windows), [1, 3, 5, 9]);
        assert_eq!(windows.find(&5), Ok(2));
        assert_eq!(windows.remove(1).map(|pane| pane.window), Some(3));
        assert_eq!(windows.remove(0).map(|pane| pane.window), Some(1));
        assert_eq!(windows.remove(1).map(|pane| pane.window), Some(9));
        assert!(matches!(windows, KeyWindows::One(_)));
        assert_eq!(windows.remove(0).map(|pane| pane.window), Some(5));
        assert!(windows.is_empty() && windows.remove(0).is_none());
    }
}
