//! The page: sections, tables and pictures as HTML.

use std::fmt::{self, Write};

use crate::svg::{Escaped, Picture, STYLE};

/// What the page looks like. Letters stand out from what is behind them at least 4.5 to 1 in both schemes.
const PAGE_STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1f2937;--dim:#4b5563;--back:#fff;--card:#f3f4f6;--edge:#d1d5db;--link:#1d4ed8}\
@media(prefers-color-scheme:dark){:root{--ink:#e5e7eb;--dim:#b6bdc9;--back:#111827;--card:#1f2937;--edge:#374151;--link:#93c5fd}}\
*{box-sizing:border-box}\
body{margin:0 auto;max-width:58rem;padding:1rem;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}\
p{margin:.4rem 0}.dim,figcaption{color:var(--dim)}\
a{color:var(--link)}nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;margin:1rem 0}\
nav a{display:inline-block;padding:.2rem 0}\
figure{margin:.6rem 0}figure svg{display:block;width:100%;height:auto}\
.scroll{overflow-x:auto;background:\
linear-gradient(to right,var(--back) 30%,transparent) left/2rem 100% local,linear-gradient(to left,var(--back) 30%,transparent) right/2rem 100% local,\
linear-gradient(to right,var(--edge),transparent) left/.8rem 100% scroll,linear-gradient(to left,var(--edge),transparent) right/.8rem 100% scroll;\
background-repeat:no-repeat}.scroll svg{width:auto;max-width:none}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:.25rem .8rem .25rem 0;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}\
th:first-child,td:first-child{text-align:left}td.text,th.text{text-align:left}th{font-weight:600}\
thead th,.words{white-space:normal;overflow-wrap:break-word}thead th{vertical-align:bottom}td.words{min-width:14rem}\
tr.ours th,tr.ours td{font-weight:700}\
dl{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.3rem 1rem;margin:.5rem 0}dt{color:var(--dim)}dd{margin:0}\
pre{background:var(--card);padding:.8rem;border-radius:.4rem;white-space:pre-wrap;margin:.6rem 0;font-size:.9rem}\
summary{cursor:pointer;color:var(--link);padding:.2rem 0}\
:focus-visible{outline:3px solid var(--link);outline-offset:2px}\
.narrow{display:none}\
.option{white-space:nowrap}\
@media(max-width:40rem){.wide{display:none}.narrow{display:block}th,td{padding-right:.55rem;font-size:.9rem}\
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}}";

/// Text in which an option stays on its line.
struct Prose<'a>(&'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for word in self.0.split_inclusive(' ') {
            let bare = word.trim_start_matches('(');
            let option = bare.split(['=', ' ']).next().filter(|option| option.starts_with("--"));
            match option {
                Some(option) => write!(
                    f,
                    "{}<span class=\"option\">{}</span>{}",
                    &word[..word.len() - bare.len()],
                    Escaped(option),
                    Escaped(&bare[option.len()..])
                )?,
                None => write!(f, "{}", Escaped(word))?,
            }
        }
        Ok(())
    }
}

/// Rows of a table that are shown at the most.
const MOST_ROWS: usize = 200;

/// A cell with more letters than these may have several lines.
const LONG: usize = 30;

/// A page as it is written.
#[derive(Default)]
pub(super) struct Page {
    body: String,
    /// Of the sections so far.
    titles: Vec<String>,
    pictures: usize,
}

/// A column of a table.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Text,
    Number,
}

/// A table: its columns, and its cells row by row.
pub(super) struct Table {
    pub(super) columns: Vec<(String, Kind)>,
    pub(super) rows: Vec<Vec<String>>,
    /// The row that is the model's own, if one is.
    pub(super) ours: Option<usize>,
}

impl Table {
    /// Only so many rows that a page stays small: every second, third or more of them, and what is to be said of that.
    pub(super) fn thinned(mut self) -> (Self, Option<String>) {
        let count = self.rows.len();
        if count <= MOST_ROWS {
            return (self, None);
        }
        let every = count.div_ceil(MOST_ROWS);
        self.rows = self.rows.into_iter().step_by(every).collect();
        (self, Some(format!("One of every {every} of {} rows.", elman::words::thousands(count))))
    }
}

impl Page {
    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        self.titles.push(title.to_owned());
        let number = self.titles.len();
        self.add(format_args!("<h2 id=\"s{number}\">{}</h2>\n", Escaped(title)));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.add(format_args!("<p>{}</p>\n", Prose(text)));
    }

    /// A paragraph of less weight.
    pub(super) fn note(&mut self, text: &str) {
        self.add(format_args!("<p class=\"dim\">{}</p>\n", Prose(text)));
    }

    pub(super) fn list(&mut self, items: &[String]) {
        self.body.push_str("<ul>\n");
        for item in items {
            self.add(format_args!("<li>{}</li>\n", Prose(item)));
        }
        self.body.push_str("</ul>\n");
    }

    /// Names with what they stand for.
    pub(super) fn facts(&mut self, facts: &[(&str, String)]) {
        self.body.push_str("<dl>\n");
        for (name, fact) in facts {
            self.add(format_args!("<dt>{}</dt><dd>{}</dd>\n", Escaped(name), Escaped(fact)));
        }
        self.body.push_str("</dl>\n");
    }

    /// Text as it stands.
    pub(super) fn code(&mut self, text: &str) {
        self.body.push_str("<pre><code>");
        for line in text.lines() {
            self.add(format_args!("{}\n", Prose(line)));
        }
        self.body.push_str("</code></pre>\n");
    }

    /// What is shown when it is asked for.
    pub(super) fn details(&mut self, summary: &str, content: impl FnOnce(&mut Self)) {
        self.add(format_args!("<details><summary>{}</summary>\n", Escaped(summary)));
        content(self);
        self.body.push_str("</details>\n");
    }

    /// A table that can be moved sideways where it is too wide.
    pub(super) fn table(&mut self, name: &str, table: &Table) {
        let class = |n: usize| match table.columns[n].1 {
            Kind::Text
                if n > 0 && table.rows.iter().any(|row| row.get(n).is_some_and(|cell| cell.len() > LONG)) =>
            {
                " class=\"text words\""
            }
            Kind::Text if n > 0 => " class=\"text\"",
            _ => "",
        };
        let has_words = |cell: &str| cell.contains(' ') && cell.contains(char::is_alphabetic);
        self.add(format_args!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{}\" tabindex=\"0\"><table>\n<thead><tr>",
            Escaped(name)
        ));
        for (n, (title, _)) in table.columns.iter().enumerate() {
            self.add(format_args!("<th scope=\"col\"{}>{}</th>", class(n), Escaped(title)));
        }
        self.body.push_str("</tr></thead>\n<tbody>\n");
        for (n, row) in table.rows.iter().enumerate() {
            self.body.push_str(if table.ours == Some(n) { "<tr class=\"ours\">" } else { "<tr>" });
            for (n, cell) in row.iter().enumerate().take(table.columns.len()) {
                match n {
                    0 if has_words(cell) => {
                        self.add(format_args!("<th scope=\"row\" class=\"words\">{}</th>", Escaped(cell)));
                    }
                    0 => self.add(format_args!("<th scope=\"row\">{}</th>", Escaped(cell))),
                    _ => self.add(format_args!("<td{}>{}</td>", class(n), Escaped(cell))),
                }
            }
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</tbody>\n</table></div>\n");
    }

    /// A picture, drawn once for wide screens and once for narrow ones, of which one is shown.
    pub(super) fn picture(&mut self, draw: impl Fn(f64) -> Picture) {
        self.body.push_str("<figure>\n");
        for (class, width) in [("wide", 880.0), ("narrow", 340.0)] {
            self.pictures += 1;
            let picture = draw(width);
            // On a narrow screen it may grow a little.
            let most = picture.width() * if class == "wide" { 1.0 } else { 1.3 };
            let size = format!("style=\"max-width:{most:.0}px\"");
            let element = picture.inline(&format!("p{}", self.pictures), &size);
            self.add(format_args!("<div class=\"{class}\">\n{element}</div>\n"));
        }
        self.body.push_str("</figure>\n");
    }

    /// As [`picture`](Self::picture), for one that is shown in its own size and can be moved sideways where that is too wide.
    pub(super) fn large_picture(&mut self, name: &str, draw: impl Fn(f64) -> Picture) {
        self.body.push_str("<figure>\n");
        for (class, width) in [("wide", 880.0), ("narrow", 320.0)] {
            self.pictures += 1;
            let picture = draw(width);
            let name = Escaped(name);
            let size = format!("width=\"{:.0}\"", picture.width());
            let element = picture.inline(&format!("p{}", self.pictures), &size);
            self.add(format_args!(
                "<div class=\"{class} scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">\n{element}</div>\n"
            ));
        }
        self.body.push_str("</figure>\n");
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(text);
    }

    /// The whole page.
    pub(super) fn finish(self, title: &str, subtitle: &str, generator: &str) -> String {
        let title = Escaped(title);
        let subtitle = Escaped(subtitle);
        let mut contents = String::new();
        for (n, title) in self.titles.iter().enumerate() {
            let _ = writeln!(contents, "<li><a href=\"#s{}\">{}</a></li>", n + 1, Escaped(title));
        }
        // The policy forbids whatever is not in the page itself.
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"generator\" content=\"{generator}\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src \
             data:\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <style>{PAGE_STYLE}{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
             <p class=\"dim\">{subtitle}</p>\n<nav aria-label=\"Contents\"><ul>\n{contents}</ul></nav>\n</header>\n<main>\n\
             {}</main>\n<footer><p class=\"dim\">{generator}</p></footer>\n</body>\n</html>\n",
            self.body
        )
    }
}
