//! The built site, as a browser on any host would find it. It runs after `cargo book build`:
//!
//!     cargo test --test site
//!
//! Every page is read as if it lay in a folder of a host, so that a link is good only if it leads to a file of the site from there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proofread::page;

/// The folder of the site on its host, as `site-url` in `book.toml` has it.
const FOLDER: &str = "/proofread/";

/// One page of the site.
struct Page {
    /// Its path on the site.
    path: String,
    html: String,
    tags: Vec<Tag>,
    ids: BTreeSet<String>,
}

/// An opening tag with its attributes.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

static SITE: LazyLock<(BTreeMap<String, PathBuf>, Vec<Page>)> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/book");
    let mut files = BTreeMap::new();
    walk(&root, "", &mut files);
    assert!(files.contains_key("index.html"), "the site is not built: run `cargo book build`");
    let pages = files.iter().filter(|(path, _)| path.ends_with(".html")).map(|(path, file)| {
        let html = std::fs::read_to_string(file).unwrap();
        let tags = tags(&html);
        let ids = tags.iter().filter_map(|tag| tag.get("id")).map(str::to_string).collect();
        Page { path: path.clone(), html, tags, ids }
    });
    let pages = pages.collect();
    (files, pages)
});

fn walk(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else {
            files.insert(path, entry.path());
        }
    }
}

/// The opening tags of a page, without those in scripts and styles.
fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                break;
            }
            let end = rest.find(|c: char| c.is_whitespace() || "=>/".contains(c)).unwrap_or(rest.len()).max(1);
            let key = rest[..end].to_ascii_lowercase();
            rest = rest[end..].trim_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_start();
                (value, rest) = match after.chars().next() {
                    Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                    _ => after.split_at(after.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(after.len())),
                };
            }
            attributes.push((key, text(value)));
        }
        if name == "script" || name == "style" {
            rest = rest.find(&format!("</{name}")).map_or("", |end| &rest[end..]);
        }
        tags.push(Tag { name, attributes });
    }
    tags
}

/// Text without its entities.
fn text(html: &str) -> String {
    let mut plain = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (name, tail) = after.split_once(';').unwrap_or((after, ""));
        let c = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "nbsp" => Some('\u{a0}'),
            _ => {
                let number = name.strip_prefix('#').map(|number| match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                });
                number.and_then(Result::ok).and_then(char::from_u32)
            }
        };
        match c {
            Some(c) => {
                plain.push(c);
                rest = tail;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Where a link of a page leads: to a path on the site and an anchor there, or to what is wrong with it. None for other hosts.
fn target(from: &str, link: &str) -> Option<Result<(String, String), String>> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    if link.starts_with("//") || link.starts_with("javascript:") {
        return Some(Err("leads out of the site".to_string()));
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or("");
    let mut parts: Vec<&str> = match path.strip_prefix('/') {
        // The page for what is not found is shown at any address, and so has whole paths.
        Some(_) if from == "404.html" => match path.strip_prefix(FOLDER) {
            Some(_) => Vec::new(),
            None => return Some(Err(format!("does not begin with {FOLDER}"))),
        },
        Some(_) => return Some(Err("leads to the root of the host".to_string())),
        None => from.split('/').collect(),
    };
    let path = path.strip_prefix(FOLDER).unwrap_or(path);
    if path.is_empty() && link.starts_with('#') {
        return Some(Ok((from.to_string(), anchor.to_string())));
    }
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                if parts.pop().is_none() {
                    return Some(Err("leads out of the site's folder".to_string()));
                }
            }
            part => parts.push(part),
        }
    }
    let mut path = parts.join("/");
    if path.is_empty() {
        path = "index.html".to_string();
    }
    Some(Ok((path, anchor.to_string())))
}

/// What the addresses in a style sheet lead to.
fn addresses(css: &str) -> Vec<String> {
    let urls =
        css.split("url(").skip(1).filter_map(|rest| rest.split_once(')')).map(|(url, _)| url.trim_matches(['"', '\'', ' ']).to_string());
    let imports = css.split("@import").skip(1).map(|rest| rest.split(['"', '\'']).nth(1).unwrap_or("").to_string());
    urls.chain(imports).filter(|url| !url.starts_with("data:") && !url.is_empty()).collect()
}

#[test]
fn every_link_anchor_and_asset_is_there() {
    let (files, pages) = &*SITE;
    let ids: BTreeMap<&str, &BTreeSet<String>> = pages.iter().map(|page| (page.path.as_str(), &page.ids)).collect();
    let mut wrong = BTreeSet::new();
    let mut links = 0;
    let mut look = |from: &str, link: &str| {
        links += 1;
        match target(from, link) {
            None => {}
            Some(Err(error)) => {
                wrong.insert(format!("{from}: {link} {error}"));
            }
            Some(Ok((path, anchor))) => {
                if !files.contains_key(&path) {
                    wrong.insert(format!("{from}: {link} leads to no file"));
                } else if !anchor.is_empty() && !ids.get(path.as_str()).is_some_and(|ids| ids.contains(&anchor)) {
                    wrong.insert(format!("{from}: {link} leads to no anchor"));
                }
            }
        }
    };
    for page in pages {
        for tag in &page.tags {
            for link in ["href", "src", "srcset", "action", "data", "poster"].into_iter().filter_map(|name| tag.get(name)) {
                if !(tag.name == "base") {
                    look(&page.path, link);
                }
            }
        }
    }
    for (path, file) in files.iter().filter(|(path, _)| path.ends_with(".css")) {
        for url in addresses(&std::fs::read_to_string(file).unwrap()) {
            look(path, &url);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(links > 100, "only {links} links were found");
}

#[test]
fn nothing_comes_from_another_host() {
    let (files, pages) = &*SITE;
    let foreign = |url: &str| url.contains("://") || url.starts_with("//");
    let mut wrong = Vec::new();
    for page in pages {
        for tag in &page.tags {
            // Only a link that a reader follows may lead to another host.
            let links = ["src", "srcset", "data", "poster", "action", if tag.name == "a" { "" } else { "href" }];
            let found = links.into_iter().filter_map(|name| tag.get(name)).filter(|url| foreign(url));
            wrong.extend(found.map(|url| format!("{}: {url} of <{}>", page.path, tag.name)));
            wrong.extend(tag.get("style").into_iter().flat_map(addresses).filter(|url| foreign(url)));
        }
    }
    for (path, file) in files.iter().filter(|(path, _)| path.ends_with(".css")) {
        wrong.extend(
            addresses(&std::fs::read_to_string(file).unwrap()).into_iter().filter(|url| foreign(url)).map(|url| format!("{path}: {url}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The texts of a page with the elements around each, without scripts and styles.
fn texts(html: &str) -> Vec<(Vec<String>, String)> {
    let mut texts = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        if !before.trim().is_empty() {
            texts.push((open.clone(), text(before)));
        }
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if tag.starts_with('/') {
            if let Some(at) = open.iter().rposition(|found| *found == name) {
                open.truncate(at);
            }
        } else if !tag.ends_with('/') {
            open.push(name.clone());
        }
        rest = after;
        if !tag.starts_with('/') && (name == "script" || name == "style") {
            rest = rest.find(&format!("</{name}")).map_or("", |end| &rest[end..]);
        }
    }
    texts
}

#[test]
fn no_tex_is_left_in_the_text() {
    let (_, pages) = &*SITE;
    let mut wrong = Vec::new();
    for page in pages {
        for (around, text) in texts(&page.html) {
            let source = around.iter().any(|name| matches!(name.as_str(), "code" | "samp" | "annotation" | "title"));
            let left = ["$$", "\\frac", "\\eqref", "\\label", "\\begin", "\\mathbf", "\\href", "proofread:"];
            if !source && left.iter().any(|tex| text.contains(tex)) || text.contains(|c| ('\u{E000}'..='\u{E006}').contains(&c)) {
                wrong.push(format!("{}: {text}", page.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a formula's source becomes between references: without space and labels.
fn pieces(tex: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = tex;
    while let Some((before, after)) = rest.split_once("\\label{") {
        plain.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let plain: String = plain.split_whitespace().collect();
    let mut parts = plain.split("\\eqref{");
    let first = parts.next().unwrap_or("").to_string();
    std::iter::once(first).chain(parts.map(|part| part.split_once('}').map_or("", |(_, after)| after).to_string())).collect()
}

#[test]
fn every_formula_of_every_chapter_is_whole() {
    let (_, pages) = &*SITE;
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("book");
    let mut chapters = BTreeMap::new();
    walk(&book, "", &mut chapters);
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, file) in chapters.iter().filter(|(path, _)| path.ends_with(".md") && path.as_str() != "SUMMARY.md") {
        let html = path.replace(".md", ".html");
        let Some(page) = pages.iter().find(|page| page.path == html) else {
            wrong.push(format!("{path} has no page"));
            continue;
        };
        let mut set: Vec<String> = texts(&page.html)
            .into_iter()
            .filter(|(around, _)| around.last().is_some_and(|name| name == "annotation"))
            .map(|(_, tex)| tex.split_whitespace().collect())
            .collect();
        for formula in page::read(&std::fs::read_to_string(file).unwrap()).formulas() {
            count += 1;
            let pieces = pieces(&formula.tex);
            let is_it = |tex: &String| {
                let mut rest = tex.as_str();
                pieces.iter().all(|piece| rest.split_once(piece.as_str()).map(|(_, after)| rest = after).is_some())
                    && (pieces.len() > 1 || *tex == pieces[0])
            };
            match set.iter().position(is_it) {
                // Each formula has one of its own.
                Some(at) => {
                    set.remove(at);
                }
                None => wrong.push(format!("{path}: {} is not on the page as it was written", formula.tex.trim())),
            }
        }
        let hidden = page.html.matches("class=\"katex-html\" aria-hidden=\"true\"").count();
        if page.html.matches("<annotation").count() != hidden {
            wrong.push(format!("{path}: a formula lacks its MathML"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "only {count} formulas were found");
}

#[test]
fn every_mark_opens_a_panel_and_every_id_is_one() {
    let (_, pages) = &*SITE;
    let mut wrong = Vec::new();
    let mut marks = 0;
    for page in pages {
        let mut seen = BTreeSet::new();
        for id in page.tags.iter().filter_map(|tag| tag.get("id")) {
            if !seen.insert(id) {
                wrong.push(format!("{}: the id {id} stands twice", page.path));
            }
        }
        let popovers: BTreeSet<&str> =
            page.tags.iter().filter(|tag| tag.get("popover").is_some()).filter_map(|tag| tag.get("id")).collect();
        let opened: BTreeSet<&str> = page.tags.iter().filter_map(|tag| tag.get("popovertarget")).collect();
        marks += opened.len();
        wrong.extend(popovers.symmetric_difference(&opened).map(|id| format!("{}: {id} has no panel, or no mark", page.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(marks > 100, "only {marks} marks were found");
}
