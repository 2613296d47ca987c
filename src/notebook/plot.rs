//! Plots that a snippet draws, as SVG that is read in light and dark, on a telephone, and by a screen reader.

use std::fmt::Write as _;
use std::ops::Range;

use plotters::coord::CoordTranslate;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::output::compare;

const WIDTH: u32 = 420;
/// The height of title and axes, without the rows of the legend.
const HEIGHT: u32 = 320;
const TITLE: u32 = 30;
const LEGEND_ROW: u32 = 20;
/// The plotting library divides the size of letters by 1.24.
const LETTERS: f64 = 14.0 * 1.24;
/// Colours in the middle between black and white, so that they stand out from both, and differ in more than their hue for the markers' sake.
const COLORS: [RGBColor; 5] =
    [RGBColor(47, 123, 217), RGBColor(201, 97, 18), RGBColor(34, 139, 92), RGBColor(186, 76, 160), RGBColor(125, 125, 125)];
/// About how many markers a line carries.
const MARKERS: usize = 12;

/// A plot that a snippet draws beneath it on the page, as it stands in `book/output/NAME.svg`.
///
/// ```no_run
/// use proofread::prelude::*;
///
/// let half = |x: f64| (x, x / 2.0);
/// plot("half", "Half of a number")
///     .description("A straight line through zero, which rises by one where the number grows by two.")
///     .axes("the number", "its half")
///     .line("half", [0.0, 1.0, 2.0].map(half))
///     .draw();
/// ```
///
/// The letters and axes have the colour of the text around, so the picture has to stand in the page itself, and not in a file beside it.
///
/// # Panics
/// When it goes out of scope without having been drawn.
#[must_use = "`.draw()` draws it"]
pub struct Plot {
    name: String,
    title: String,
    description: String,
    labels: [String; 2],
    log: [bool; 2],
    series: Vec<Series>,
    drawn: bool,
}

struct Series {
    name: String,
    joined: bool,
    points: Vec<(f64, f64)>,
}

/// The plot with this name, which is unique in the book, and a title.
pub fn plot(name: &str, title: &str) -> Plot {
    Plot {
        name: name.to_string(),
        title: title.to_string(),
        description: String::new(),
        labels: [String::new(), String::new()],
        log: [false, false],
        series: Vec::new(),
        drawn: false,
    }
}

impl Plot {
    /// Says in words what the plot shows, for those who cannot see it. A plot cannot do without.
    pub fn description(mut self, text: &str) -> Plot {
        self.description = text.to_string();
        self
    }

    /// Names the two axes.
    pub fn axes(mut self, x: &str, y: &str) -> Plot {
        self.labels = [x, y].map(str::to_string);
        self
    }

    /// Makes the horizontal axis logarithmic: numbers that are not positive are left out.
    pub fn log_x(mut self) -> Plot {
        self.log[0] = true;
        self
    }

    /// Makes the vertical axis logarithmic: numbers that are not positive are left out.
    pub fn log_y(mut self) -> Plot {
        self.log[1] = true;
        self
    }

    /// Adds points that are joined by a line, which is broken where a value is left out or infinite.
    pub fn line(self, name: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Plot {
        self.with(name, true, points)
    }

    /// Adds single points.
    pub fn points(self, name: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Plot {
        self.with(name, false, points)
    }

    fn with(mut self, name: &str, joined: bool, points: impl IntoIterator<Item = (f64, f64)>) -> Plot {
        self.series.push(Series { name: name.to_string(), joined, points: points.into_iter().collect() });
        self
    }

    /// Draws the plot and compares it with `book/output/NAME.svg`. With `PROOFREAD_UPDATE=1` in the environment the file is written instead.
    ///
    /// # Panics
    /// When the file holds another picture, or when the plot has no description, no names for its axes, or nothing to show.
    pub fn draw(mut self) {
        self.drawn = true;
        match self.svg() {
            Ok(svg) => compare(&self.name, "svg", &svg),
            Err(message) => panic!("the plot `{}` {message}", self.name),
        }
    }

    fn svg(&self) -> Result<String, String> {
        if self.title.is_empty() || self.title.chars().count() > 56 {
            return Err("needs a title of at most 56 characters".to_string());
        }
        if self.description.is_empty() {
            return Err("needs words for those who cannot see it: write `.description(\"…\")`".to_string());
        }
        if self.labels.iter().any(String::is_empty) {
            return Err("needs names for its axes: write `.axes(\"…\", \"…\")`".to_string());
        }
        if self.series.len() > COLORS.len() {
            return Err(format!("has more than {} lines, which nobody can tell apart", COLORS.len()));
        }
        let mut runs = Vec::new();
        for series in &self.series {
            let place = |point: (f64, f64)| (coordinate(point.0, self.log[0]), coordinate(point.1, self.log[1]));
            let all: Vec<(f64, f64)> = series.points.iter().map(|point| place(*point)).collect();
            let parts = all.split(|(x, y)| !x.is_finite() || !y.is_finite()).filter(|run| !run.is_empty());
            runs.push(parts.map(<[_]>::to_vec).collect::<Vec<_>>());
            if runs.last().is_none_or(Vec::is_empty) {
                return Err(format!("has no point to show for `{}`", series.name));
            }
        }
        if runs.is_empty() {
            return Err("shows nothing: write `.line(\"…\", points)`".to_string());
        }
        let all = || runs.iter().flatten().flatten();
        let x = Axis::new(all().map(|point| point.0), self.log[0]);
        let y = Axis::new(all().map(|point| point.1), self.log[1]);
        let rows = self.series.len().div_ceil(2) as u32;
        let size = (WIDTH, HEIGHT + rows * LEGEND_ROW);
        let mut picture = String::new();
        self.paint(&mut picture, size, &runs, [x, y]).map_err(|error| format!("cannot be drawn: {error}"))?;
        self.dress(&picture, size)
    }

    fn paint(
        &self,
        picture: &mut String,
        size: (u32, u32),
        runs: &[Vec<Vec<(f64, f64)>>],
        [x, y]: [Axis; 2],
    ) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        let root = SVGBackend::with_string(picture, size).into_drawing_area();
        let letters = TextStyle::from(("sans-serif", LETTERS)).color(&BLACK).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw_text(&self.title, &letters, (10, TITLE as i32 / 2))?;
        for (number, series) in self.series.iter().enumerate() {
            let at =
                (14 + (number % 2) as i32 * WIDTH as i32 / 2, (TITLE + LEGEND_ROW / 2) as i32 + (number / 2) as i32 * LEGEND_ROW as i32);
            if series.joined {
                root.draw(&PathElement::new(vec![at, (at.0 + 26, at.1)], COLORS[number].stroke_width(2)))?;
            }
            mark(&root, (at.0 + 13, at.1), number)?;
            root.draw_text(&series.name, &letters, (at.0 + 34, at.1))?;
        }
        let (_, body) = root.split_vertically(size.1 - HEIGHT + TITLE);
        let mut chart =
            ChartBuilder::on(&body).margin(8).margin_right(16).x_label_area_size(42).y_label_area_size(58).build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(&self.labels[0])
            .y_desc(&self.labels[1])
            .label_style(letters.clone())
            .axis_desc_style(letters.clone())
            .bold_line_style(BLACK.mix(0.2))
            .draw()?;
        let area = chart.plotting_area();
        for (number, (series, runs)) in self.series.iter().zip(runs).enumerate() {
            if series.joined {
                for run in runs {
                    area.draw(&PathElement::new(run.clone(), COLORS[number].stroke_width(2)))?;
                }
            }
            let every = if series.joined { series.points.len().div_ceil(MARKERS) } else { 1 };
            // Where two lines lie on one another, their markers do not.
            for point in runs.iter().flatten().skip(number * every / self.series.len()).step_by(every) {
                mark(area, *point, number)?;
            }
        }
        root.present()
    }

    /// Gives the picture its words, and its black the colour of the text around.
    fn dress(&self, picture: &str, (width, height): (u32, u32)) -> Result<String, String> {
        let (_, inside) = picture.split_once('>').ok_or("was not drawn as SVG")?;
        let mut svg = String::new();
        let (name, title, description) = (&self.name, escape(&self.title), escape(&self.description));
        let _ = writeln!(
            svg,
            "<svg class=\"plot\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
             aria-labelledby=\"plot-{name}-title\" aria-describedby=\"plot-{name}-description\">\n\
             <title id=\"plot-{name}-title\">{title}</title>\n\
             <desc id=\"plot-{name}-description\">{description}</desc>"
        );
        svg.push_str(inside.trim_start().replace("\"#000000\"", "\"currentColor\"").as_str());
        Ok(svg)
    }
}

impl Drop for Plot {
    fn drop(&mut self) {
        if !self.drawn && !std::thread::panicking() {
            panic!("the plot `{}` was not drawn: end it with `.draw()`", self.name);
        }
    }
}

/// A marker of its own shape for each series, since colours do not tell lines apart for everybody.
fn mark<C: CoordTranslate>(
    area: &DrawingArea<SVGBackend, C>,
    at: C::From,
    number: usize,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>>
where
    C::From: Clone,
{
    let color = COLORS[number];
    match number {
        0 => area.draw(&Circle::new(at, 3, color.filled())),
        1 => area.draw(&TriangleMarker::new(at, 5, color.filled())),
        2 => area.draw(&Cross::new(at, 4, color.stroke_width(2))),
        3 => area.draw(&Circle::new(at, 4, color.stroke_width(2))),
        _ => area.draw(&(EmptyElement::at(at) + Rectangle::new([(-3, -3), (3, 3)], color.filled()))),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The logarithm is that of `libm`, which is the same on every platform.
fn coordinate(value: f64, log: bool) -> f64 {
    if log { libm::log10(value) } else { value }
}

/// From where to where an axis goes, and where its numbers stand.
#[derive(Clone)]
struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
    log: bool,
    decimals: usize,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64> + Clone, log: bool) -> Axis {
        let (low, high) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
        let (low, high) = if low == high { (low - 1.0, high + 1.0) } else { (low, high) };
        let rough = (high - low) / 5.0;
        let (step, decimals) = if log {
            (rough.ceil(), 0)
        } else {
            let exponent = libm::floor(libm::log10(rough));
            let power = libm::exp10(exponent);
            let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= 0.999 * rough).unwrap_or(10.0);
            let step = factor * power;
            (step, (0..12).find(|n| step * libm::exp10(f64::from(*n)) > 0.999).unwrap_or(12) as usize)
        };
        // A logarithmic axis ends at any power of ten, and a plain one at a number that stands there.
        let end = if log { 1.0 } else { step };
        let (start, end) = ((low / end).floor() * end, (high / end).ceil() * end);
        let first = (start / step - 1e-9).ceil();
        let last = (end / step + 1e-9).floor();
        let ticks = (0..=(last - first) as usize).map(|k| (first + k as f64) * step).collect();
        Axis { range: start..end, ticks, log, decimals }
    }

    fn text(&self, value: f64) -> String {
        if !self.log {
            return format!("{value:.*}", self.decimals);
        }
        match value as i64 {
            0 => "1".to_string(),
            1 => "10".to_string(),
            exponent => {
                let raised = |c: char| {
                    if c == '-' {
                        '⁻'
                    } else {
                        ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][(c as u8 - b'0') as usize]
                    }
                };
                format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
            }
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        low + (f64::from(high - low) * part).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.text(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Plot {
        plot("test", "A line & a point")
            .description("It rises from 1 to 100 < 1000.")
            .axes("x", "y")
            .line("line", [(1.0, 1.0), (2.0, 0.0), (10.0, 100.0)])
            .points("point", [(5.0, 10.0)])
    }

    fn svg(plot: Plot) -> Result<String, String> {
        let svg = plot.svg();
        std::mem::forget(plot);
        svg
    }

    #[test]
    fn a_picture_with_words_in_the_colour_of_the_text() {
        let svg = svg(complete().log_x().log_y()).unwrap();
        for expected in [
            "<title id=\"plot-test-title\">A line &amp; a point</title>",
            "<desc id=\"plot-test-description\">It rises from 1 to 100 &lt; 1000.</desc>",
            "role=\"img\"",
            "viewBox=\"0 0 420 340\"",
            "\nline\n",
            "\npoint\n",
            "\n10²\n",
        ] {
            assert!(svg.contains(expected), "{expected} in {svg}");
        }
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        for absent in ["#000000", "#FFFFFF", "\n\n", " width=\"420\""] {
            assert!(!svg.contains(absent), "{absent:?} in {svg}");
        }
    }

    #[test]
    fn a_line_is_broken_where_a_value_is_missing() {
        let lines = |plot: Plot| {
            let svg = svg(plot).unwrap();
            svg.matches(&format!("stroke=\"#{:02X}", COLORS[0].0)).count()
        };
        // One stroke in the legend; the logarithm of the point in the middle does not exist.
        assert_eq!(lines(complete()), 2);
        assert_eq!(lines(complete().log_y()), 3);
    }

    #[test]
    fn what_is_missing_is_said() {
        let message = |plot: Plot| svg(plot).unwrap_err();
        assert!(message(complete().description("")).contains("cannot see"));
        assert!(message(complete().axes("", "y")).contains("axes"));
        assert!(message(complete().line("nothing", [(f64::NAN, 1.0)])).contains("no point to show for `nothing`"));
        assert!(message(plot("test", "").description("d").axes("x", "y")).contains("title"));
        assert!(message(plot("test", "title").description("d").axes("x", "y")).contains("shows nothing"));
        let many = (0..6).fold(complete(), |plot, _| plot.line("more", [(1.0, 1.0)]));
        assert!(message(many).contains("more than 5"));
    }

    #[test]
    fn a_plot_that_is_not_drawn_fails() {
        let dropped = std::panic::catch_unwind(|| drop(complete()));
        assert!(dropped.unwrap_err().downcast_ref::<String>().is_some_and(|message| message.contains(".draw()")));
    }

    #[test]
    fn numbers_on_axes() {
        let texts = |low: f64, high: f64, log| {
            let axis = Axis::new([low, high].into_iter(), log);
            axis.ticks.iter().map(|tick| axis.text(*tick)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(0.0, 1.0, false), "0.0 0.2 0.4 0.6 0.8 1.0");
        assert_eq!(texts(-3.0, 12.0, false), "-5 0 5 10 15");
        assert_eq!(texts(0.0, 0.03, false), "0.00 0.01 0.02 0.03");
        assert_eq!(texts(7.0, 7.0, false), "6.0 6.5 7.0 7.5 8.0");
        assert_eq!(texts(-16.0, 0.3, true), "10⁻¹⁶ 10⁻¹² 10⁻⁸ 10⁻⁴ 1");
        assert_eq!(texts(0.0, 2.0, true), "1 10 10²");
    }

    /// As WCAG 2 wants it of what is not text: 3 to 1, on white and on the darkest background of the book.
    #[test]
    fn colours_stand_out_from_light_and_dark() {
        let luminance = |RGBColor(r, g, b): RGBColor| {
            let part = |c: u8| {
                let c = f64::from(c) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        for color in COLORS {
            for ground in [RGBColor(255, 255, 255), RGBColor(22, 25, 35)] {
                let (a, b) = (luminance(color), luminance(ground));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 3.0, "{color:?} on {ground:?}: {contrast}");
            }
        }
    }
}
