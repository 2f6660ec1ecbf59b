//! Pages of a list, newest first.

/// The most items that one page holds.
pub const PAGE_LIMIT_MAX: u32 = 100;

/// Which page of a list: at most `limit` items older than `before`.
#[derive(Debug, Clone, Copy)]
pub struct Page<Id> {
    /// Only items whose id is smaller; none for the first page.
    pub before: Option<Id>,
    /// 1 to [`PAGE_LIMIT_MAX`].
    pub limit: u32,
}

impl<Id> Page<Id> {
    /// The newest items, as many as a page holds.
    #[must_use]
    pub const fn first() -> Self {
        Self { before: None, limit: PAGE_LIMIT_MAX }
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed<T> {
    /// The items, ids descending.
    pub items: Vec<T>,
    /// Whether older items follow.
    pub has_more: bool,
}

impl<T> Listed<T> {
    /// Cuts a page out of `limit + 1` items that were read to learn whether more follow.
    #[must_use]
    pub fn cut(mut items: Vec<T>, limit: u32) -> Self {
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Self { items, has_more }
    }
}
