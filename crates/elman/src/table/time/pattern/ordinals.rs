//! Ordinal numbers of a year's quarters and halves.

/// One to four, as a column may have them.
const FORMS: [[&str; 4]; 7] = [
    ["1st", "2nd", "3rd", "4th"],
    ["First", "Second", "Third", "Fourth"],
    ["1er", "2e", "3e", "4e"],
    ["1er", "2ème", "3ème", "4ème"],
    ["1er", "2do", "3er", "4to"],
    ["第一", "第二", "第三", "第四"],
    ["一", "二", "三", "四"],
];

/// Forms as bits, one for each.
pub(super) type Forms = u8;

/// The number with which a text begins, the forms that it has, its length, and what follows.
pub(super) fn find(text: &str) -> Option<(i64, Forms, &str)> {
    let begins =
        |form: &str| text.get(..form.len()).is_some_and(|begin| begin.to_lowercase() == form.to_lowercase());
    let all = FORMS.iter().enumerate().flat_map(|(n, forms)| (1..).zip(forms).map(move |form| (n, form)));
    let (_, (number, longest)) =
        all.clone().filter(|(_, (_, form))| begins(form)).max_by_key(|(_, (_, form))| form.len())?;
    let same = all.filter(|(_, form)| *form == (number, longest)).fold(0, |forms, (n, _)| forms | 1 << n);
    Some((number, same, &text[longest.len()..]))
}

/// The first form that is not among these.
pub(super) fn without(others: Forms) -> usize {
    (0..FORMS.len()).find(|n| others >> n & 1 == 0).unwrap_or_default()
}

/// A number in a form; of others than one to four nothing.
pub(super) fn name(form: usize, number: i16) -> &'static str {
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    place.and_then(|place| FORMS.get(form)?.get(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_their_words() {
        for (form, forms) in FORMS.iter().enumerate() {
            let mut others = 0;
            for (number, text) in (1..).zip(forms) {
                for text in [(*text).to_owned(), text.to_uppercase(), text.to_lowercase()] {
                    let behind = format!("{text} 2024");
                    let (found, forms, rest) = find(&behind).unwrap();
                    assert_eq!((found, rest), (number, " 2024"), "{text}");
                    assert!(forms >> form & 1 == 1);
                    others |= !forms;
                }
                assert_eq!(name(form, i16::try_from(number).unwrap()), *text);
            }
            assert_eq!(without(others), form);
        }
        assert!(["1", "5th", "2st", "", "f"].into_iter().all(|text| find(text).is_none()));
        assert!(name(0, 0).is_empty() && name(0, 5).is_empty() && name(9, 1).is_empty());
    }
}
