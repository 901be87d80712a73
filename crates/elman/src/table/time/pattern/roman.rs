//! Roman numbers of quarters and months.

const NUMBERS: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

/// The number with which a text begins, and what follows.
pub(super) fn find(text: &str) -> Option<(i64, &str)> {
    let length = text.find(|c| !matches!(c, 'I' | 'V' | 'X')).unwrap_or(text.len());
    let place = NUMBERS.iter().position(|number| *number == &text[..length])?;
    Some((i64::try_from(place).ok()? + 1, &text[length..]))
}

/// A number from 1 to 12; of others nothing.
pub(super) fn name(number: i16) -> &'static str {
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    place.and_then(|place| NUMBERS.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_their_letters() {
        for (number, text) in (1..).zip(NUMBERS) {
            assert_eq!(find(&format!("{text}.2024")), Some((i64::from(number), ".2024")));
            assert_eq!(name(number), text);
        }
        assert!(["IIII", "XIII", "IVI", "", "i"].iter().all(|text| find(text).is_none()));
        assert!(name(0).is_empty() && name(13).is_empty());
    }
}
