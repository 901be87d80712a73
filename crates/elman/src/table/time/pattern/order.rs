//! The order of a date's numbers.

use super::{Field, Item, Pattern};

impl Pattern {
    /// Can the order of day, month and year be another in texts like these? If so, what stands between the date's numbers:
    /// the point of `%d.%m.%Y`, nothing in `%y%m%d`.
    pub(in crate::table::time) fn open_mark(&self) -> Option<Option<char>> {
        // A weekday or a time of day may stand before the date.
        let is_before = |item: &Item| match item {
            Item::Literal(_) | Item::Weekday(..) | Item::HalfDay(..) => true,
            Item::Number(field, _) => {
                matches!(field, Field::Hour | Field::HalfHour | Field::Minute | Field::Second)
            }
            _ => false,
        };
        let begin = self.items.iter().position(|item| !is_before(item))?;
        let (first, second, mark) = match self.items[begin..] {
            [
                Item::Number(first, _),
                Item::Literal(mark @ ('/' | '-' | '.' | ' ' | '_')),
                Item::Number(second, _),
                Item::Literal(other),
                Item::Number(..),
                ..,
            ] if mark == other => (first, second, Some(mark)),
            [Item::Number(first, _), Item::Number(second, _), Item::Number(..), ..] => (first, second, None),
            _ => return None,
        };
        let swaps =
            [(Field::Day, Field::Month), (Field::Month, Field::Day), (Field::ShortYear, Field::Month)];
        swaps.contains(&(first, second)).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn which_orders_are_open() {
        for (format, mark) in [
            ("%d/%m/%Y", Some(Some('/'))),
            ("%m-%d-%Y %H:%M", Some(Some('-'))),
            ("%d.%m.%Y", Some(Some('.'))),
            ("%-d.%-m.%Y", Some(Some('.'))),
            ("%m_%d_%Y", Some(Some('_'))),
            ("%d %m %Y", Some(Some(' '))),
            ("%y%m%d", Some(None)),
            ("%a., %d.%m.%y", Some(Some('.'))),
            ("%H:%M:%S %d/%m/%Y", Some(Some('/'))),
            ("%I:%M %p %m/%d/%Y", Some(Some('/'))),
            ("%Y-%m-%d", None),
            ("%Y %m %d %H:%M", None),
            ("%m/%Y", None),
            ("%d. %m. %Y", None),
            ("%d.%b.%Y", None),
            ("%H:%M %Y-%m-%d", None),
        ] {
            assert_eq!(Pattern::new(format).unwrap().open_mark(), mark, "{format}");
        }
    }
}
