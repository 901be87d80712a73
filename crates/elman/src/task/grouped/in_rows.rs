//! How tables were read whose rows are sequences.

use serde::{Deserialize, Serialize};

/// How a table was read whose rows are sequences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
#[non_exhaustive]
pub enum InRows {
    /// The values of a sequence stand in columns that are numbered.
    Values {
        /// How the names of these columns begin, before their numbers.
        stem: String,
        /// How many there were.
        length: usize,
        /// At which end the targets stand, if all columns are numbered alike.
        end: Option<End>,
    },
    /// A sequence is the characters of a text.
    Text {
        /// The column of texts.
        text: String,
    },
}

/// An end of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The first column.
    First,
    /// The last column.
    Last,
}

impl End {
    /// The number of its column of so many; none of no columns.
    pub(super) fn of(self, columns: usize) -> Option<usize> {
        let last = columns.checked_sub(1)?;
        Some(if self == End::First { 0 } else { last })
    }
}

/// The same as files have it.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<End>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl TryFrom<Written> for InRows {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        match written {
            Written { stem: Some(stem), length: Some(length), end, text: None } => {
                Ok(InRows::Values { stem, length, end })
            }
            Written { stem: None, length: None, end: None, text: Some(text) } => Ok(InRows::Text { text }),
            _ => Err("rows that are sequences have a stem and a length, or a text"),
        }
    }
}

impl From<InRows> for Written {
    fn from(in_rows: InRows) -> Self {
        match in_rows {
            InRows::Values { stem, length, end } => {
                Written { stem: Some(stem), length: Some(length), end, text: None }
            }
            InRows::Text { text } => Written { text: Some(text), ..Written::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_which_of_both_it_is() {
        let values = |end| InRows::Values { stem: "t".into(), length: 150, end };
        for (json, in_rows) in [
            (r#"{"stem":"t","length":150}"#, values(None)),
            (r#"{"stem":"t","length":150,"end":"first"}"#, values(Some(End::First))),
            (r#"{"text":"name"}"#, InRows::Text { text: "name".into() }),
        ] {
            assert_eq!(serde_json::from_str::<InRows>(json).unwrap(), in_rows);
            assert_eq!(serde_json::to_string(&in_rows).unwrap(), json);
        }
        for (json, why) in [
            (r#"{"stem":"t"}"#, "rows that are sequences have a stem and a length, or a text"),
            (r#"{"stem":"t","length":150,"text":"name"}"#, "rows that are sequences have"),
            (r#"{"text":"name","end":"last"}"#, "rows that are sequences have"),
            (r#"{"text":"name","width":3}"#, "unknown field `width`"),
        ] {
            let error = serde_json::from_str::<InRows>(json).unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
