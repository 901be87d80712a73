//! The head that the archives of time series have in common: lines `@key value`, then `@data`.

/// A file of an archive, as far as its kinds are alike.
pub(super) struct Archive<'t> {
    /// Keys in small letters, with what stands after them.
    entries: Vec<(String, &'t str)>,
    /// The lines after the head with their numbers, comments and blank ones left out.
    pub(super) lines: Vec<(u64, &'t str)>,
}

impl<'t> Archive<'t> {
    /// The archive that this text is, if it has such a head.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let is_said = |(_, line): &(u64, &str)| !line.is_empty() && !line.starts_with(['#', '%']);
        let mut lines = (1..).zip(text.lines().map(str::trim)).filter(is_said);
        let mut entries = Vec::new();
        loop {
            let (_, line) = lines.next()?;
            let (key, value) =
                line.strip_prefix('@')?.split_once(char::is_whitespace).unwrap_or((&line[1..], ""));
            let key = key.to_ascii_lowercase();
            if key == "data" {
                return Some(Archive { entries, lines: lines.collect() });
            }
            entries.push((key, value.trim()));
        }
    }

    /// What stands after a key.
    pub(super) fn get(&self, key: &str) -> Option<&'t str> {
        self.all(key).next()
    }

    /// What stands after a key, each time that it comes.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'t str> {
        self.entries.iter().filter(move |(other, _)| other == key).map(|(_, value)| *value)
    }

    /// Does a key begin with `true`?
    pub(super) fn is(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.to_ascii_lowercase().starts_with("true"))
    }
}

/// Does the file begin as an archive, with one of these keys in its head?
pub(super) fn has_key(bytes: &[u8], keys: &[&str]) -> bool {
    let start = &bytes[..bytes.len().min(1 << 16)];
    let mut lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let begins = |line: &[u8]| line.is_empty() || line.starts_with(b"#") || line.starts_with(b"%");
    let is_key = |line: &[u8], key: &str| {
        line.get(1..=key.len()).is_some_and(|text| text.eq_ignore_ascii_case(key.as_bytes()))
            && line.get(key.len() + 1).is_none_or(u8::is_ascii_whitespace)
    };
    let Some(first) = lines.by_ref().find(|line| !begins(line)) else { return false };
    let mut head =
        std::iter::once(first).chain(lines).take_while(|line| begins(line) || line.starts_with(b"@"));
    first.starts_with(b"@")
        && head.any(|line| line.starts_with(b"@") && keys.iter().any(|key| is_key(line, key)))
}
