//! A Markdown page to its formulas, fences, headings and references, each with its bytes. What a formula means is decided elsewhere.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// What stands on a page, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Formulas, fences and headings. Scope follows this order.
    pub items: Vec<Item>,
    /// Every `\eqref{…}` in prose. Those inside formulas are the formula's own.
    pub references: Vec<Reference>,
    /// What looks like mathematics and would not be read.
    pub errors: Vec<Diagnostic>,
}

/// One thing on a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Mathematics between dollar signs.
    Formula(Formula),
    /// A fence ```` ```proofread ```` with settings.
    Settings(Fence),
    /// A fence ```` ```proofread-refused ```` with a page that must be refused.
    Refused(Fence),
    /// Any other fence, of Rust among them.
    Code(Fence),
    /// A heading, which ends assumptions.
    Heading(Heading),
}

/// Mathematics between dollar signs.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// The formula with its dollar signs.
    pub span: Span,
    /// Whether it stands between double dollar signs.
    pub display: bool,
    /// What the words right before it make of it. A display formula claims.
    pub before: Lead,
    /// The condition of its sentence, which does not restrict it.
    pub beside: Option<Beside>,
    /// The TeX, without what a block quote, a list or a table puts into its lines.
    pub tex: String,
    /// Where runs of `tex` begin, there and in the file.
    runs: Vec<(usize, usize)>,
}

/// What the words right before an inline formula make of a relation in it.
///
/// Only white space, emphasis and comments may stand between the word and the formula: after a comma the word no longer counts, and the
/// relation claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// No word that says otherwise.
    Claim,
    /// After *if, when, whenever, where, for, at, with, unless, until* (*for all, for each* and *for every* too), or joined to such a
    /// relation by *and* or *or*.
    Condition,
    /// After *assume (that)* or *suppose (that)*, or joined to such a relation by *and* or *or*.
    Assumption,
}

/// A condition in the words of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Where it stands, with its dollar signs.
    pub span: Span,
    /// Its TeX.
    pub tex: String,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq)]
pub struct Fence {
    /// The fence with its first and last line.
    pub span: Span,
    /// The lines between them.
    pub content: Span,
    /// What stands after the opening backticks.
    pub info: String,
    /// The text, without what a block quote or a list puts into its lines.
    pub text: String,
}

/// A heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// The heading with its marks.
    pub span: Span,
    /// From 1 to 6.
    pub level: usize,
    /// Its words; formulas as their TeX.
    pub text: String,
    /// The explicit `{#id}`.
    pub id: Option<String>,
}

/// An `\eqref{…}` in prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The label that it names.
    pub label: String,
    /// The whole of `\eqref{…}`.
    pub span: Span,
}

impl Formula {
    /// The byte of the Markdown file at which a byte of `tex` stands. The end of `tex` leads to the closing dollar sign.
    pub fn source(&self, tex_offset: usize) -> usize {
        let offset = tex_offset.min(self.tex.len());
        let run = self.runs.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        self.runs.get(run).map_or(self.span.start, |(tex, source)| source + offset.saturating_sub(*tex))
    }

    /// Whether it is a condition in a sentence: by the word before it, or because it is an inequality.
    fn restricts(&self) -> bool {
        let introduces = self.tex.contains(":=") || self.tex.contains("\\in ") || self.tex.contains("coloneqq");
        let equation = self.tex.contains(['=', '≠']) || self.tex.contains("\\ne");
        !self.display
            && !introduces
            && holds_relation(&self.tex)
            && (self.before == Lead::Condition || self.before == Lead::Claim && !equation)
    }

    /// The TeX with what stands between its lines, without the dollar signs.
    pub fn tex_span(&self) -> Span {
        let dollars = if self.display { 2 } else { 1 };
        Span::new(self.span.start + dollars, self.span.end - dollars)
    }
}

impl Page {
    /// The formulas in their order.
    pub fn formulas(&self) -> impl Iterator<Item = &Formula> {
        self.items.iter().filter_map(|item| if let Item::Formula(formula) = item { Some(formula) } else { None })
    }

    /// Tells each formula that claims of the condition in its sentence, which may go on from the words before a display formula.
    fn conditions(&mut self, source: &str) {
        let mut formulas: Vec<&mut Formula> =
            self.items.iter_mut().filter_map(|item| if let Item::Formula(formula) = item { Some(formula) } else { None }).collect();
        formulas.sort_by_key(|formula| formula.span.start);
        let goes_on = |one: &&mut Formula, next: &&mut Formula| {
            let between = &source[one.span.end.min(next.span.start)..next.span.start];
            !ends_sentence(&one.tex, between, next.display)
        };
        for sentence in formulas.chunk_by_mut(|one, next| goes_on(one, next)) {
            self.errors.extend(sentence.iter().enumerate().filter_map(|(at, _)| narrowed(sentence, at, source)));
            let condition = sentence.iter().find(|formula| formula.restricts());
            let Some(condition) = condition.map(|found| Beside { span: found.span, tex: found.tex.clone() }) else { continue };
            for formula in sentence.iter_mut().filter(|formula| !formula.restricts()) {
                formula.beside = Some(condition.clone());
            }
        }
    }
}

/// The error for an assumption that its sentence restricts or takes back, which would be made all the same.
fn narrowed(sentence: &[&mut Formula], at: usize, source: &str) -> Option<Diagnostic> {
    let formula = &sentence[at];
    if formula.before != Lead::Assumption || !holds_relation(&formula.tex) {
        return None;
    }
    let next = sentence.get(at + 1);
    let before = at.checked_sub(1).map(|before| &sentence[before]);
    let condition = |other: &&&mut Formula| other.before == Lead::Condition && holds_relation(&other.tex);
    let behind = words_of(&source[formula.span.end..next.map_or(source.len(), |next| next.span.start)]);
    let first = (behind.first().map_or("", String::as_str), behind.get(1).map_or("", String::as_str));
    let restricted = match first {
        ("unless", "stated" | "said" | "noted" | "mentioned" | "specified" | "otherwise") => false,
        ("or" | "unless" | "if" | "when" | "whenever" | "until" | "except", _) | ("only", "if" | "when") | ("fails", _) => true,
        ("is" | "does" | "do" | "can" | "may" | "need" | "must", "not" | "never") | ("is", "false" | "wrong") => true,
        (word, _) if word.ends_with("n't") || word == "cannot" || word == "never" => true,
        ("for" | "at", _) => {
            next.filter(condition).is_some() && behind[1..].iter().all(|word| matches!(word.as_str(), "all" | "each" | "every"))
        }
        _ => false,
    };
    let leads = |before: &&mut Formula| {
        let between = words_of(&source[before.span.end..formula.span.start]);
        between
            .iter()
            .all(|word| matches!(word.as_str(), "we" | "then" | "let" | "us" | "may" | "can" | "and" | "assume" | "suppose" | "that"))
    };
    let conditional = before.filter(condition).is_some_and(leads);
    (restricted || conditional).then(|| {
        Diagnostic::new(Code::Unreadable, formula.span, "what is assumed here is restricted by its sentence, and would hold without that")
            .help("write all of it in one formula, `$x > 0 \\text{ or } y > 0$`, or put the condition beside the claims: `\\quad \\text{if } x > 0`")
    })
}

/// The words with which a text goes on, up to the end of its sentence or paragraph, without comments.
fn words_of(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("<!--") {
        plain.push_str(before);
        rest = behind.split_once("-->").map_or("", |(_, behind)| behind);
    }
    plain.push_str(rest);
    let plain = plain.to_lowercase().replace('’', "'");
    let mut lines = plain.lines();
    let mut sentence = lines.next().unwrap_or_default().to_string();
    // An empty line, and what begins a list, a quote, a heading or a row, ends it.
    for line in lines.take_while(|line| !line.trim().is_empty() && !line.trim_start().starts_with(['-', '*', '+', '#', '>', '|'])) {
        sentence.push(' ');
        sentence.push_str(line);
    }
    let sentence = sentence.split(['.', ':', ';', '!', '?', '|']).next().unwrap_or_default();
    sentence.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty()).map(str::to_string).collect()
}

/// Reads a page.
pub fn read(source: &str) -> Page {
    let mut reader = Reader {
        source,
        page: Page::default(),
        fence: None,
        heading: None,
        prose: None,
        html: None,
        dollars: Vec::new(),
        runs: Vec::new(),
        open: None,
        errors: 0,
        cut: None,
        cell: 0,
        words: Words::default(),
    };
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        reader.event(event, Span::new(range.start, range.end));
    }
    reader.end_prose();
    reader.end_block();
    reader.end_html();
    reader.end_open();
    reader.page.conditions(source);
    reader.page
}

/// What mdBook reads, and mathematics.
fn options() -> Options {
    Options::ENABLE_MATH
        | Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}

struct Reader<'s> {
    source: &'s str,
    page: Page,
    fence: Option<Fence>,
    /// Where among the items the heading stands that is being read.
    heading: Option<usize>,
    /// The run of text being read: several events when nothing stands between them.
    prose: Option<Span>,
    /// The block of HTML being read.
    html: Option<Span>,
    /// The dollar signs of this block that belong to no formula and are not escaped.
    dollars: Vec<usize>,
    /// The runs of text of this block.
    runs: Vec<Span>,
    /// A `$$` without a partner in its block, while nothing that is read came after it.
    open: Option<Span>,
    /// How many errors there were before it.
    errors: usize,
    /// The first dollar sign of this row of a table that has no partner in its cell.
    cut: Option<usize>,
    /// Where the last cell of this row ends.
    cell: usize,
    words: Words,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) {
        if let Some(fence) = &mut self.fence {
            match event {
                Event::Text(text) => {
                    fence.content = if fence.text.is_empty() { span } else { fence.content.to(span) };
                    fence.text.push_str(&text);
                }
                Event::End(TagEnd::CodeBlock) => self.end_fence(),
                _ => {}
            }
            return;
        }
        let text = matches!(event, Event::Text(_));
        if !text {
            self.end_prose();
        }
        match event {
            Event::Text(text) => {
                self.words.text(&text);
                self.heading_text(&text);
                match &mut self.prose {
                    Some(prose) if prose.end == span.start => prose.end = span.end,
                    _ => {
                        self.end_prose();
                        self.prose = Some(span);
                    }
                }
            }
            Event::InlineMath(tex) => self.formula(&tex, span, false),
            Event::DisplayMath(tex) => self.formula(&tex, span, true),
            Event::Code(code) => {
                // A code span is a thing and no word, whatever is in it.
                self.words.text("`");
                self.heading_text(&code);
            }
            Event::SoftBreak | Event::HardBreak => {
                self.words.text(" ");
                self.heading_text(" ");
            }
            Event::Html(_) => self.html = Some(self.html.map_or(span, |html| html.to(span))),
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = if let CodeBlockKind::Fenced(info) = kind { info.to_string() } else { String::new() };
                let content = Span::new(span.end, span.end);
                self.fence = Some(Fence { span, content, info, text: String::new() });
                self.end_block();
            }
            Event::Start(Tag::Heading { level, id, .. }) => {
                let id = id.map(|id| id.to_string());
                // A heading comes before the formulas in it.
                self.heading = Some(self.page.items.len());
                self.page.items.push(Item::Heading(Heading { span, level: level as usize, text: String::new(), id }));
                self.end_block();
            }
            Event::End(TagEnd::Heading(_)) => {
                self.heading = None;
                self.end_block();
            }
            Event::End(TagEnd::HtmlBlock) => {
                self.end_html();
                self.end_block();
            }
            Event::End(TagEnd::TableCell) => {
                self.cell = span.end;
                self.end_block();
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                self.end_block();
                (self.cut, self.cell) = (None, span.start);
            }
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => self.end_row(span),
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. })
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link)
            | Event::InlineHtml(_) => {}
            _ => self.end_block(),
        }
    }

    fn heading_text(&mut self, text: &str) {
        if let Some(Item::Heading(heading)) = self.heading.and_then(|heading| self.page.items.get_mut(heading)) {
            heading.text.push_str(text);
        }
    }

    fn formula(&mut self, tex: &str, span: Span, display: bool) {
        self.heading_text(tex);
        self.end_open();
        let dollars = if display { 2 } else { 1 };
        // Before a bare carriage return in a heading the parser counts what follows to the formula.
        let exact = span.start + 2 * dollars + tex.len();
        let whole = self.source.get(span.start..exact).is_some_and(|text| text[dollars..].starts_with(tex) && text.ends_with('$'));
        let span = Span::new(span.start, if whole { exact } else { span.end });
        let inner = Span::new(span.start + dollars, span.end - dollars);
        let runs = align(tex, &self.source[inner.range()], inner.start);
        let before = if display {
            self.words = Words::default();
            Lead::Claim
        } else {
            self.words.formula(holds_relation(tex))
        };
        self.page.items.push(Item::Formula(Formula { span, display, before, beside: None, tex: tex.to_string(), runs }));
    }

    fn end_fence(&mut self) {
        let Some(fence) = self.fence.take() else { return };
        self.page.items.push(match fence.info.split([' ', ',']).next() {
            Some("proofread") => Item::Settings(fence),
            Some("proofread-refused") => Item::Refused(fence),
            _ => Item::Code(fence),
        });
    }

    fn end_prose(&mut self) {
        let Some(span) = self.prose.take() else { return };
        let text = &self.source[span.range()];
        self.references(text, span.start);
        self.runs.push(span);
        let escaped = self.source[..span.start].ends_with('\\');
        let literal = text.match_indices('$').map(|(at, _)| at).filter(|at| *at > 0 || !escaped);
        self.dollars.extend(literal.map(|at| span.start + at));
        for formula in spaced(text) {
            self.page.errors.push(
                Diagnostic::new(
                    Code::Unbalanced,
                    Span::new(span.start + formula.start, span.start + formula.end),
                    "spaces inside the dollar signs keep this formula from being read",
                )
                .help("write `$x = y$`, without spaces next to the dollar signs; `\\$` shows a dollar sign"),
            );
        }
    }

    /// Markdown takes a formula whose braces do not pair up for prose, as it does one without its last dollar signs.
    fn end_block(&mut self) {
        self.words = Words::default();
        let mut marks: Vec<Span> = Vec::new();
        for at in std::mem::take(&mut self.dollars) {
            match marks.last_mut() {
                Some(mark) if mark.end == at && mark.end - mark.start == 1 => mark.end += 1,
                _ => marks.push(Span::new(at, at + 1)),
            }
        }
        let (double, single): (Vec<Span>, Vec<Span>) = marks.into_iter().partition(|mark| mark.end - mark.start == 2);
        let mut double = double.into_iter().peekable();
        while let Some(open) = double.next() {
            let brace = double.peek().and_then(|close| self.stray_brace(open.end, close.start));
            if let Some(error) = brace {
                self.page.errors.push(error);
                double.next();
                continue;
            }
            self.lone(open);
        }
        if self.cut.is_none() && single.len() % 2 == 1 {
            self.cut = single.last().map(|mark| mark.start);
        }
        let mut single = single.into_iter().peekable();
        while let Some(open) = single.next() {
            let Some(close) = single.peek().copied() else { break };
            let inner = &self.source[open.end..close.start];
            // A price has none of these marks.
            if !inner.contains(['\\', '_', '^']) || inner.starts_with(char::is_whitespace) || inner.ends_with(char::is_whitespace) {
                continue;
            }
            if let Some(error) = self.stray_brace(open.end, close.start) {
                self.page.errors.push(error);
                single.next();
            }
        }
        self.outside();
    }

    /// A `$$` without a partner in its block: the end of a formula that Markdown broke, or the beginning of one.
    fn lone(&mut self, mark: Span) {
        if let Some(open) = self.open
            && let Some((line, why, help)) = self.broken(Span::new(open.end, mark.start))
        {
            self.open = None;
            let whole = open.to(mark);
            let since = self.page.errors.split_off(self.errors.min(self.page.errors.len()));
            self.page.errors.extend(since.into_iter().filter(|error| !(whole.start <= error.span.start && error.span.end <= whole.end)));
            let error = Diagnostic::new(Code::Unbalanced, open, "this formula is broken by Markdown before its closing `$$`");
            self.page.errors.push(error.label(open, "opened here").label(line, why).help(help));
            return;
        }
        self.end_open();
        self.open = Some(mark);
        self.errors = self.page.errors.len();
    }

    /// The line at which Markdown ends a formula, why, and what to do about it.
    fn broken(&self, inside: Span) -> Option<(Span, &'static str, &'static str)> {
        for line in lines(&self.source[inside.range()]).into_iter().skip(1) {
            let line = Span::new(inside.start + line.start, inside.start + line.end);
            let text = self.source[line.range()].trim_matches([' ', '\t', '>', '\r', '\n']);
            let indent = self.source[line.range()].find(text).unwrap_or(0);
            let place = Span::new(line.start + indent, line.start + indent + text.len());
            let item = text.trim_start_matches(|c: char| c.is_ascii_digit());
            if text.is_empty() {
                return Some((place, "this line is empty", "take the empty line out of the formula"));
            }
            if text.chars().all(|c| c == '=') || text.chars().all(|c| c == '-') {
                let why = "Markdown takes this for the line under a heading";
                return Some((place, why, "put this sign at the end of the line above"));
            }
            if text.starts_with(['-', '+', '*', '#']) || text.len() > item.len() && item.starts_with(['.', ')']) {
                let why = "Markdown takes this for the beginning of a list or a heading";
                return Some((place, why, "put its first sign at the end of the line above, or write `{}` before it"));
            }
        }
        None
    }

    /// A formula that was opened and that nothing closes.
    fn end_open(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.page.errors.push(
            Diagnostic::new(Code::Unbalanced, open, "this `$$` has no partner in its paragraph")
                .help("close the formula with `$$`; no line of it may be empty, be only `=`, or begin with `-`, `+`, `>` or `#`, which are marks of Markdown")
                .help("to show two dollar signs, write `\\$\\$`"),
        );
    }

    /// Formulas of this block in the brackets and environments of TeX, which Markdown takes for prose.
    fn outside(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        let end = runs.last().map_or(0, |last| last.end);
        let mut until = 0;
        // Brackets that nothing closes from here on.
        let mut open: Vec<char> = Vec::new();
        for (number, run) in runs.iter().enumerate() {
            if run.start < until {
                continue;
            }
            let Some((from, bracket @ ('(' | '['))) = self.bracket(*run) else {
                until = self.environments(*run, end);
                continue;
            };
            let (closing, brackets, help) = match bracket {
                '(' => (')', "\\( … \\)", "write `$…$`, without spaces next to the dollar signs"),
                _ => (']', "\\[ … \\]", "write `$$ … $$`"),
            };
            let closes = |run: &Span| self.bracket(*run).is_some_and(|(_, found)| found == closing);
            let close = if open.contains(&closing) { None } else { (number + 1..runs.len()).find(|at| closes(&runs[*at])) };
            let Some(close) = close else {
                open.push(closing);
                until = until.max(self.environments(*run, end));
                continue;
            };
            let last = runs[close];
            until = last.start + self.source[last.range()].find(closing).map_or(1, |at| at + 1);
            let inside: String = runs[number..close].iter().map(|run| &self.source[run.range()]).collect();
            if is_mathematics(&inside) {
                let text = format!("a formula between `{brackets}` is prose to Markdown, and is not read");
                self.page.errors.push(Diagnostic::new(Code::Book, Span::new(from, until), text).help(help));
            }
        }
    }

    /// The bracket of TeX that a run of text begins with, `\(` or `\\(`, and where: Markdown takes the backslash away.
    fn bracket(&self, run: Span) -> Option<(usize, char)> {
        let from = run.start.checked_sub(1).filter(|at| self.source.as_bytes()[*at] == b'\\')?;
        let text = &self.source[run.range()];
        let bracket = text.strip_prefix('\\').unwrap_or(text).chars().next()?;
        matches!(bracket, '(' | ')' | '[' | ']').then_some((from, bracket))
    }

    /// Environments that begin in a run of text; returns where the last of them ends.
    fn environments(&mut self, run: Span, block: usize) -> usize {
        let mut until = run.start;
        for (at, begin) in self.source[run.range()].match_indices("\\begin{") {
            let start = run.start + at;
            if start < until {
                continue;
            }
            let rest = &self.source[start + begin.len()..block];
            let Some(name) = rest.split('}').next().filter(|name| name.len() < rest.len()) else { continue };
            let end = format!("\\end{{{name}}}");
            // Without an end it takes the rest of the block.
            let length = rest.find(&end).map_or(rest.len(), |at| at + end.len());
            until = start + begin.len() + length;
            let inner = match name.trim_end_matches('*') {
                "equation" | "math" | "displaymath" => String::new(),
                "gather" | "multline" | "gathered" => ", with `\\begin{gathered}` for its lines".to_string(),
                "align" | "eqnarray" | "flalign" | "alignat" | "split" => ", with `\\begin{aligned}` for its lines".to_string(),
                _ => format!(", with `\\begin{{{name}}}` between them"),
            };
            let text = format!("the environment `{name}` outside of dollar signs is prose to Markdown, and is not read");
            let error = Diagnostic::new(Code::Book, Span::new(start, until), text);
            self.page.errors.push(error.help(format!("write `$$ … $$`{inner}")));
        }
        until
    }

    /// A bar ends a cell of a table, in a formula too, and cells beyond the last column are not shown.
    fn end_row(&mut self, row: Span) {
        self.end_block();
        let end = row.end.min(self.source.len());
        let close = self.cut.take().and_then(|open| {
            let bytes = self.source.as_bytes();
            let inside = |at: usize| &self.source[open + 1..open + 1 + at];
            let read = |at: usize| self.page.formulas().any(|formula| formula.span.range().contains(&at));
            // A price has no sign right next to it, and a digit behind it; the sign of a formula that was read belongs to that.
            let closes = |at: &usize| {
                let text = inside(*at);
                let apart =
                    text.starts_with(' ') || text.ends_with([' ', '\\']) || bytes.get(open + 2 + at).is_some_and(u8::is_ascii_digit);
                !apart && text.contains('|') && !read(open + 1 + at)
            };
            let (at, _) = self.source[open + 1..end].match_indices('$').find(|(at, _)| closes(at))?;
            let bars = inside(at).starts_with('|') && inside(at).ends_with('|') && inside(at).contains(char::is_alphabetic);
            (bars || is_mathematics(inside(at))).then_some((open, at))
        });
        if let Some((open, at)) = close {
            let span = Span::new(open, open + at + 2);
            self.page.errors.push(
                Diagnostic::new(Code::Book, span, "a `|` ends the cell of a table, and cuts this formula in two")
                    .help("write `\\lvert x \\rvert` or `\\vert` for the bar, `\\lVert x \\rVert` for a norm"),
            );
            return;
        }
        let from = self.cell.clamp(row.start, end);
        let beyond = &self.source[from..end];
        if let (Some(open), Some(close)) = (beyond.find('$'), beyond.rfind('$'))
            && is_mathematics(&beyond[open..close])
        {
            let span = Span::new(from + open, from + close + 1);
            self.page.errors.push(
                Diagnostic::new(Code::Book, span, "this cell lies beyond the last column, and is not shown")
                    .help("give the first row of the table a column for it"),
            );
        }
    }

    /// The brace without a partner between two dollar signs.
    fn stray_brace(&self, start: usize, end: usize) -> Option<Diagnostic> {
        let mut open: Vec<usize> = Vec::new();
        let mut chars = self.source[start..end].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '{' => open.push(start + at),
                '}' if open.pop().is_none() => {
                    let span = Span::new(start + at, start + at + 1);
                    return Some(
                        Diagnostic::new(Code::Unbalanced, span, "this `}` closes no `{`")
                            .help("remove it, or write `\\}` for a brace that is shown"),
                    );
                }
                _ => {}
            }
        }
        open.pop().map(|at| {
            Diagnostic::new(Code::Unbalanced, Span::new(at, at + 1), "this `{` is not closed")
                .help("write `}` where its group ends, or `\\{` for a brace that is shown")
        })
    }

    fn references(&mut self, text: &str, start: usize) {
        for (at, command) in text.match_indices("\\eqref{") {
            let rest = &text[at + command.len()..];
            match rest.find('}') {
                Some(length) => {
                    let span = Span::new(start + at, start + at + command.len() + length + 1);
                    self.page.references.push(Reference { label: rest[..length].trim().to_string(), span });
                }
                None => {
                    let span = Span::new(start + at, start + at + command.len());
                    self.page.errors.push(
                        Diagnostic::new(Code::Unbalanced, span, "this `\\eqref{` is not closed")
                            .help("write the label and `}` behind it, without marks of Markdown between"),
                    );
                }
            }
        }
    }

    /// Markdown does not read what stands in a block of HTML, and a formula in it would be shown as bare TeX.
    fn end_html(&mut self) {
        let Some(span) = self.html.take() else { return };
        for part in outside_comments(&self.source[span.range()]) {
            let start = span.start + part.start;
            let text = &self.source[start..span.start + part.end];
            // What is in front keeps the tags from being a block of HTML once more.
            let front = "x ";
            for line in lines(text) {
                let inline = format!("{front}{}", &text[line.range()]);
                for (event, range) in TextMergeWithOffset::new(Parser::new_ext(&inline, Options::ENABLE_MATH).into_offset_iter()) {
                    let hidden = match event {
                        Event::InlineMath(tex) => holds_relation(&tex).then_some(range),
                        Event::DisplayMath(_) => Some(range),
                        // The formula goes on in another line.
                        Event::Text(_) => inline[range.clone()].find("$$").map(|dollars| range.start + dollars..range.start + dollars + 2),
                        _ => None,
                    };
                    if let Some(range) = hidden {
                        let at = |offset: usize| start + line.start + offset - front.len();
                        self.page.errors.push(
                            Diagnostic::new(
                                Code::Book,
                                Span::new(at(range.start), at(range.end)),
                                "this formula stands inside a block of HTML, where it is not read",
                            )
                            .help("leave an empty line after the tag above it, or keep it out of the HTML"),
                        );
                    }
                }
            }
        }
    }
}

/// What was said in this paragraph since its last formula.
#[derive(Default)]
struct Words {
    since: String,
    last: Option<Lead>,
}

/// Enough for the longest lead and the word before it.
const REMEMBERED: usize = 64;

impl Words {
    fn text(&mut self, text: &str) {
        self.since.push_str(text);
        if self.since.len() > 2 * REMEMBERED {
            let cut = (self.since.len() - REMEMBERED..self.since.len()).find(|at| self.since.is_char_boundary(*at));
            self.since.drain(..cut.unwrap_or(0));
            // What was cut off was more than a single `and`.
            self.last = None;
        }
    }

    fn formula(&mut self, relation: bool) -> Lead {
        let said = std::mem::take(&mut self.since).to_lowercase();
        let lead = match (said.trim(), self.last) {
            ("and" | "or", Some(last)) => last,
            (said, _) => lead(said),
        };
        self.last = relation.then_some(lead);
        lead
    }
}

fn lead(said: &str) -> Lead {
    let mut words = said.rsplit(|c: char| c.is_whitespace() || "([{“‘\"".contains(c));
    let last = words.next().unwrap_or("");
    let mut words = words.filter(|word| !word.is_empty());
    let (before, third) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    // What is not assumed is no assumption.
    let negates = |word: &str| matches!(word, "not" | "cannot" | "never" | "longer") || word.ends_with("n't") || word.ends_with("n’t");
    match (before, last) {
        (_, "if" | "when" | "whenever" | "where" | "for" | "at" | "with" | "unless" | "until") => Lead::Condition,
        ("for", "all" | "each" | "every") => Lead::Condition,
        ("to", "assume" | "suppose") if matches!(third, "having" | "not") => Lead::Claim,
        (not, "assume" | "suppose") if !negates(not) => Lead::Assumption,
        ("assume" | "suppose", "that") if !negates(third) => Lead::Assumption,
        _ => Lead::Claim,
    }
}

/// Whether a relation stands in a formula, outside braces. Only this decides whether a formula hands its lead on by *and*.
fn holds_relation(tex: &str) -> bool {
    let mut depth = 0usize;
    let mut rest = tex.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '=' | '<' | '>' if depth == 0 => return true,
            '\\' => {
                let mut name = String::new();
                while let Some(letter) = rest.next_if(char::is_ascii_alphabetic) {
                    name.push(letter);
                }
                if name.is_empty() {
                    rest.next();
                } else if depth == 0
                    && matches!(
                        name.as_str(),
                        "ne" | "neq" | "le" | "leq" | "ge" | "geq" | "lt" | "gt" | "in" | "coloneqq" | "leqslant" | "geqslant"
                    )
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Whether a sentence ends with a formula, or in the text between it and the next. After a colon or a comma it goes on behind an empty
/// line, and so does one that a display formula completes.
fn ends_sentence(tex: &str, between: &str, display: bool) -> bool {
    let mut last = tex.trim_end().chars().last().unwrap_or(' ');
    if last == '.' {
        return true;
    }
    let mut breaks = 0;
    for c in between.chars().filter(|c| *c != '$') {
        let ends = if c.is_whitespace() { matches!(last, '.' | '!' | '?') } else { breaks > 1 && !matches!(last, ':' | ',') };
        if ends {
            return true;
        }
        breaks += usize::from(c == '\n');
        if !c.is_whitespace() {
            (last, breaks) = (c, 0);
        }
    }
    breaks > 1 && !display && !matches!(last, ':' | ',')
}

/// Whether a text in brackets holds a relation, a command or a script of TeX.
fn is_mathematics(text: &str) -> bool {
    let mut pairs = text.chars().zip(text.chars().skip(1).chain([' ']));
    pairs.any(|(c, next)| matches!(c, '=' | '<' | '>' | '^' | '_') || c == '\\' && next.is_ascii_alphabetic())
}

/// Formulas between dollar signs with a space inside, `$ x = y $`, which Markdown takes for prose.
fn spaced(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('$') {
        let before = at.checked_sub(1).map(|i| bytes[i]);
        let after = bytes.get(at + 1).copied();
        if before == Some(b'$') || after == Some(b'$') {
            open = None;
            continue;
        }
        match open {
            Some(start) if before == Some(b' ') && holds_relation(&text[start + 1..at]) => {
                found.push(Span::new(start, at + 1));
                open = None;
            }
            _ => open = (after == Some(b' ') && before.is_none_or(|b| b == b' ' || b == b'(')).then_some(at),
        }
    }
    found
}

/// The parts of a block of HTML that are no comments.
fn outside_comments(html: &str) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(open) = html[at..].find("<!--") {
        parts.push(Span::new(at, at + open));
        let inside = at + open + "<!--".len();
        match html[inside..].find("-->") {
            Some(close) => at = inside + close + "-->".len(),
            None => return parts,
        }
    }
    parts.push(Span::new(at, html.len()));
    parts
}

fn lines(text: &str) -> Vec<Span> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let span = Span::new(start, start + line.len());
            start = span.end;
            span
        })
        .collect()
}

/// Where runs of `tex` begin in `inner`, the same lines with the marks of quotes and lists. These stand at the beginnings of lines, so that
/// reading from the end finds each byte without ambiguity.
fn align(tex: &str, inner: &str, start: usize) -> Vec<(usize, usize)> {
    let (tex, inner) = (tex.as_bytes(), inner.as_bytes());
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let (mut i, mut j) = (tex.len(), inner.len());
    let mut run = (i, j);
    while i > 0 && j > 0 {
        if tex[i - 1] == inner[j - 1] {
            i -= 1;
            j -= 1;
            run = (i, j);
        } else {
            if runs.last() != Some(&run) {
                runs.push(run);
            }
            j -= 1;
            run = (i, j);
        }
    }
    if runs.last() != Some(&run) {
        runs.push(run);
    }
    // Several marks before one byte leave several runs that begin there: the last of them to be found in the file is the byte's own.
    runs.dedup_by_key(|(tex, _)| *tex);
    runs.reverse();
    runs.iter().map(|(tex, source)| (*tex, start + source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each formula that holds a relation, with its lead.
    fn leads(source: &str) -> Vec<(String, Lead)> {
        read(source).formulas().map(|formula| (formula.tex.clone(), formula.before)).collect()
    }

    fn only(source: &str) -> Lead {
        let found = leads(source);
        assert_eq!(found.len(), 1, "{source}");
        found[0].1
    }

    fn errors(source: &str) -> Vec<(Code, String)> {
        read(source).errors.iter().map(|error| (error.code, source[error.span.range()].to_string())).collect()
    }

    /// Every byte of the TeX stands where the map says.
    fn assert_map(source: &str) {
        let page = read(source);
        assert_ne!(page.formulas().count(), 0, "{source}");
        for formula in page.formulas() {
            for (offset, byte) in formula.tex.bytes().enumerate() {
                assert_eq!(source.as_bytes()[formula.source(offset)], byte, "byte {offset} of {:?} in {source:?}", formula.tex);
            }
            assert_eq!(formula.source(formula.tex.len()), formula.tex_span().end);
        }
    }

    #[test]
    fn formulas_know_their_bytes() {
        assert_map("Let $x$ and $$ y = 2 $$ be.");
        assert_map("> $$\n> 3x - x\n> = x\n> $$\n");
        assert_map("> > $$\n> > a > b\n> > \\> c\n> > $$\n");
        assert_map("- a list\n\n  $$\n  x = ü\n    = 1\n  $$\n");
        assert_map("1. > $$\r\n   > x\r\n   > = y\r\n   > $$\r\n");
        assert_map("| a | b |\n|---|---|\n| $\\|x\\| = 1$ | $y$ |\n");
        assert_eq!(read("> $$\n> x\n> = y\n> $$").formulas().next().unwrap().tex, "\nx\n= y\n");
    }

    #[test]
    fn the_word_before_a_relation_decides() {
        for word in ["if", "when", "whenever", "where", "for", "at", "with", "unless", "until", "for all", "for each", "for every"] {
            let mut capital = word.to_string();
            capital[..1].make_ascii_uppercase();
            assert_eq!(only(&format!("zero {word} $x = 3$")), Lead::Condition, "{word}");
            assert_eq!(only(&format!("{capital} $x = 3$, zero")), Lead::Condition, "{word}");
            assert_eq!(only(&format!("zero\n*{word}*\n$x = 3$")), Lead::Condition, "{word}");
            assert_eq!(only(&format!("zero ({word} $x = 3$)")), Lead::Condition, "{word}");
            assert_eq!(only(&format!("zero {word}, $x = 3$")), Lead::Claim, "{word}");
            assert_eq!(only(&format!("zero {word}\n\n$x = 3$")), Lead::Claim, "{word}");
            assert_eq!(only(&format!("zero {word}\n\n$$ x = 3 $$")), Lead::Claim, "{word}");
        }
        for words in ["Assume", "assume that", "Suppose", "suppose\nthat"] {
            assert_eq!(only(&format!("{words} $x = 3$")), Lead::Assumption, "{words}");
        }
        for words in
            ["Then", "", "If the number", "therefor", "that", "It is so that", "what-if", "`if`", "all", "such that", "We assume all"]
        {
            assert_eq!(only(&format!("{words} $x = 3$")), Lead::Claim, "{words}");
        }
    }

    #[test]
    fn and_hands_the_lead_on() {
        let all = |source: &str| leads(source).into_iter().map(|(_, lead)| lead).collect::<Vec<_>>();
        use Lead::{Assumption, Claim, Condition};
        assert_eq!(all("when $x = 3$ or $y = 4$ and\n$x = y$, $z = 0$"), [Condition, Condition, Condition, Claim]);
        assert_eq!(all("Assume that $x > 0$ and $y > 0$. And $x = y$"), [Assumption, Assumption, Claim]);
        assert_eq!(all("if $x = 3$ <!-- none --> and <!-- none --> $y = 4$"), [Condition, Condition]);
        assert_eq!(all("if $x = 3$, and $y = 4$"), [Condition, Claim]);
        assert_eq!(all("We have $x = x$ and $y = y$"), [Claim, Claim]);
        assert_eq!(all("if $x$ and $y = 4$"), [Condition, Claim]);
        // What stands in braces, and what is no relation, makes no relation of a formula.
        for tex in ["\\frac{x = 1}{2}", "\\frac{x \\ne 1}{2}", "\\sin x", "\\{x\\}", "x_{1}"] {
            assert_eq!(all(&format!("if ${tex}$ and $y = 4$")), [Condition, Claim], "{tex}");
        }
        for tex in ["x_{1} = 3", "x \\ne 3", "x_{1} \\ge y_{2}", "x \\in \\mathbb{R}", "\\{x\\} < 2"] {
            assert_eq!(all(&format!("if ${tex}$ and $y = 4$")), [Condition, Condition], "{tex}");
        }
        assert_eq!(all(&format!("if $x = 3$ {} and $y = 4$", "word ".repeat(100))), [Condition, Claim]);
    }

    #[test]
    fn code_and_comments_are_not_read() {
        let page = read(
            "`$1 = 2$`\n\n```text\n$1 = 2$ $$\n```\n\n    $1 = 2$\n\n<!-- $1 = 2$ $$ -->\n\nPrices of $5 and 6 euros.\n\nThen \\$\\$6, \\$$ and \\eqref{a.b-1}.\n",
        );
        assert_eq!(page.formulas().count(), 0);
        assert_eq!(page.errors, []);
        assert_eq!(page.references.len(), 1);
        assert_eq!(page.references[0].label, "a.b-1");
        let page = read("<details>\n\n$x = 3$\n\n</details>\n");
        assert_eq!((page.formulas().count(), page.errors.len()), (1, 0));
    }

    #[test]
    fn nothing_is_skipped_silently() {
        assert_eq!(errors("Here\n\n$$ x = 3\n\nand on"), [(Code::Unbalanced, "$$".to_string())]);
        assert_eq!(errors("Here\n\n$$ x = \\frac{1}{2 $$\n"), [(Code::Unbalanced, "{".to_string())]);
        assert_eq!(errors("so $\\mathbf{x_1 = 3$, *and* $\\{x_1$ on"), [(Code::Unbalanced, "{".to_string())]);
        assert_eq!(errors("$$ x = } $$"), [(Code::Unbalanced, "}".to_string())]);
        assert_eq!(errors("US$5 = CA$7, {$5 and $6}, {5$ and} 6$"), []);
        assert_eq!(errors("so $ x = 3 $ it is"), [(Code::Unbalanced, "$ x = 3 $".to_string())]);
        assert_eq!(errors("<td>$x = 3$</td>\n"), [(Code::Book, "$x = 3$".to_string())]);
        assert_eq!(errors("<div>\n$$ x = 3 $$\n</div>\n"), [(Code::Book, "$$ x = 3 $$".to_string())]);
        assert_eq!(errors("see \\eqref{a.b"), [(Code::Unbalanced, "\\eqref{".to_string())]);
        assert_eq!(errors("5$ and 6$, $ 7 or 8 $ are prices, a lone $ is fine"), []);
        assert_eq!(errors("\\$5 is $\\frac{1$ on"), [(Code::Unbalanced, "{".to_string())]);
        assert_eq!(errors("so $\\{ x_1 } y$ on"), [(Code::Unbalanced, "}".to_string())]);
        assert_eq!(errors("it is $ x_{1$ on"), []);
        assert_eq!(errors("it is $x_{1 $ on"), []);
        assert_eq!(errors("so ($ x = 3 $) it is"), [(Code::Unbalanced, "$ x = 3 $".to_string())]);
        assert_eq!(errors("so a$ x = 3 $ it is"), []);
        assert_eq!(errors("so $ x = 3 $$ it is"), [(Code::Unbalanced, "$$".to_string())]);
        let halves = [(Code::Book, "$$".to_string()), (Code::Book, "$$".to_string())];
        assert_eq!(errors("<div>\n$$ x = 3\n$$\n</div>\n"), halves);
    }

    #[test]
    fn extensions_of_markdown_are_read_as_mdbook_reads_them() {
        assert_eq!(only("if ~~$x = 3$~~"), Lead::Condition);
        assert_eq!(only("So[^1].\n\n[^1]: $x=3$\n"), Lead::Claim);
        assert_eq!(leads("| a |\n|---|\n| if | \n| $x = 3$ |\n"), [("x = 3".to_string(), Lead::Claim)]);
    }

    #[test]
    fn a_heading_holds_its_own_words() {
        let page = read("# One *two* `three` $x$\nfour\n\n## Five {#five}\n\nsix\n");
        let headings: Vec<(&str, Option<&str>)> = page
            .items
            .iter()
            .filter_map(|item| if let Item::Heading(heading) = item { Some((heading.text.as_str(), heading.id.as_deref())) } else { None })
            .collect();
        assert_eq!(headings, [("One two three x", None), ("Five", Some("five"))]);
    }

    #[test]
    fn conditions_stand_beside_the_claims_of_their_sentence() {
        let beside = |source: &str| read(source).formulas().map(|formula| formula.beside.is_some()).collect::<Vec<_>>();
        assert_eq!(beside("For $x > 0$, $|x| = x$. And $x = 3$."), [false, true, false]);
        assert_eq!(beside("We have $|x| = x$ if $x > 0$."), [true, false]);
        assert_eq!(beside("For $x > 0$:\n\n$$ x = 3 $$\n\nSo $x = 4$."), [false, true, false]);
        assert_eq!(beside("If $x > 0$, we get\n\n$$ x = 3. $$ and $x = 4$"), [false, true, false]);
        assert_eq!(beside("For $x > 0$ it is so\n\nand $x = 4$"), [false, false]);
        assert_eq!(beside("For $x \\in X$, $x = 4$. Suppose $x > 0$, so $x = 4$"), [false; 4]);
        assert_eq!(beside("$x > 0$ where $z := 3$ gives $x = 4$"), [false, true, true]);
    }

    #[test]
    fn formulas_outside_of_dollars_are_errors() {
        let book = |text: &str| vec![(Code::Book, text.to_string())];
        assert_eq!(errors("so \\( x = 3 \\) it is"), book("\\( x = 3 \\)"));
        assert_eq!(errors("so \\\\( x \\in X \\\\) it is"), book("\\\\( x \\in X \\\\)"));
        assert_eq!(errors("> \\[\n> x^2\n> \\]\n"), book("\\[\n> x^2\n> \\]"));
        assert_eq!(errors("\\begin{align*}\nx &= 3 \\\\\n\\end{align*}"), book("\\begin{align*}\nx &= 3 \\\\\n\\end{align*}"));
        assert_eq!(errors("\\[ \\begin{aligned} x &= 3 \\end{aligned} \\] on"), book("\\[ \\begin{aligned} x &= 3 \\end{aligned} \\]"));
        assert_eq!(
            errors("\\[1\\], \\(see\\) and \\[x\\] of $\\left[1 = 1\\right]$, `\\( 1 = 2 \\)`, <!-- \\( 1 = 2 \\) --> and \\(\n\n= \\)"),
            []
        );
    }

    #[test]
    fn a_bar_ends_the_cell_of_a_table() {
        let cells = |row: &str| errors(&format!("| a | b |\n|---|---|\n{row}\n"));
        assert_eq!(cells("| norm | $|x| = 2$ |"), [(Code::Book, "$|x| = 2$".to_string())]);
        assert_eq!(cells("| $|x|$ | norm |"), [(Code::Book, "$|x|$".to_string())]);
        assert_eq!(cells("| norm | x | $x = 3$ |"), [(Code::Book, "$x = 3$".to_string())]);
        assert_eq!(cells("| $x$ | $\\lvert x \\rvert = \\|x\\|$ |"), []);
        assert_eq!(cells("| $5 | $6_a |\n|$5|$6 = 7|\n| 5 $ | 6_b $ |\n| x = 5$ | 6 |\n| $5 | x = 5 |"), []);
    }

    #[test]
    fn a_formula_that_markdown_breaks_is_reported_once() {
        let lone = || vec![(Code::Unbalanced, "$$".to_string())];
        for source in [
            "$$\nx\n=\n3\n$$",
            "$$\nx\n\n= 3\n$$",
            "$$\nx\n- x = 0\n$$",
            "$$\nx\n1. x\n$$",
            "$$\nx = \\begin{cases}\n\n3\n\\end{cases}\n$$",
        ] {
            assert_eq!(errors(source), lone(), "{source}");
            assert_eq!(read(source).errors[0].labels.len(), 2, "{source}");
        }
        assert_eq!(errors("$$ x = 3\n\nand $x$\n\n$$ x = 3\n").len(), 2);
    }

    #[test]
    fn fences_and_headings() {
        let source = "# One $x$ {#one}\n\n> ```proofread\n> layout = \"denominator\"\n> kronecker = 1\n> ```\n\n```proofread-refused\n$$ 1 = 2 $$\n```\n\n```rust,ignore\nlet x;\n```\n";
        let page = read(source);
        let [Item::Heading(heading), Item::Formula(_), Item::Settings(settings), Item::Refused(refused), Item::Code(code)] =
            &page.items[..]
        else {
            panic!("{:?}", page.items)
        };
        assert_eq!((heading.level, heading.text.as_str(), heading.id.as_deref()), (1, "One x", Some("one")));
        assert_eq!(settings.text, "layout = \"denominator\"\nkronecker = 1\n");
        assert!(source[settings.content.range()].starts_with("layout"));
        assert_eq!(refused.text, "$$ 1 = 2 $$\n");
        assert_eq!((code.info.as_str(), code.text.as_str()), ("rust,ignore", "let x;\n"));
    }

    #[cfg(feature = "book")]
    #[test]
    fn no_page_panics() {
        #[rustfmt::skip]
        const PIECES: &[&str] = &[
            "$", "$$", "$ ", " $", "\\", "\\|", "|", "\n", "\r\n", "\r", "> ", "- ", "  ", "\n\n", "`", "```", "```proofread\n", "<!--", "-->",
            "<td>", "<div>\n", "\\eqref{", "}", "{", "if ", "and ", "x", "=", "é", "\u{0}", "𝛼", "# ", "*", "\\(", "\\)", "\\[", "\\]", "\\begin{a}", "\\end{a}", "|---|", "| a |\n", "[", "](", "\t", "<",
        ];
        fn read_through(pieces: Vec<u8>) -> bool {
            let source: String = pieces.iter().map(|piece| PIECES[*piece as usize % PIECES.len()]).collect();
            let page = read(&source);
            let inside = |span: Span| source.get(span.range()).is_some();
            page.errors.iter().all(|error| inside(error.span))
                && page.references.iter().all(|reference| inside(reference.span))
                && page.formulas().all(|formula| {
                    inside(formula.span)
                        && inside(formula.tex_span())
                        && formula.tex.bytes().enumerate().all(|(offset, byte)| source.as_bytes()[formula.source(offset)] == byte)
                })
        }
        quickcheck::QuickCheck::new().tests(5_000).quickcheck(read_through as fn(Vec<u8>) -> bool);
        quickcheck::QuickCheck::new().tests(2_000).quickcheck((|text| read(&text) == read(&text)) as fn(String) -> bool);
    }

    #[test]
    fn a_formula_ends_at_its_dollars() {
        for source in
            ["# $$$$\r𝛼", "# $$$$\r𝛼\n\n$x$", "# $$$$\r𝛼$", "# $$$$\r𝛼$$", "$$$$\r𝛼", "# $x$\r𝛼", "# $x$\r𝛼$", "# $$x$$\r𝛼", "| $$$$\r𝛼"]
        {
            let page = read(source);
            for formula in page.formulas() {
                assert!(source[formula.span.range()].ends_with('$'), "{source:?}: {:?}", formula.span);
                assert!(formula.tex.is_empty() || formula.tex == "x", "{source:?}: {:?}", formula.tex);
            }
        }
    }

    #[test]
    fn deep_and_long_pages_take_bounded_time() {
        for piece in
            ["> ", "- ", "$", "$$ ", "\\eqref{", "*", "[", "<!--", "if $x = 1$ and ", "{", "\\(", "\\(=\\]", "\\begin{a}", "$$\n\n", "$|"]
        {
            read(&piece.repeat(20_000));
        }
    }
}
