//! One table of every code: its title, and an explanation with an example.

use crate::diagnostic::Code;

/// What `proofread explain` says of a code.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The kind of mistake.
    pub kind: Code,
    /// `P0203`
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// Some lines of prose, with an example.
    pub text: &'static str,
}

/// The code of a kind of mistake.
pub fn code(kind: Code) -> &'static str {
    match kind {
        Code::Unbalanced => "P0101",
        Code::UnknownCommand => "P0102",
        Code::Unreadable => "P0103",
        Code::Ambiguous => "P0104",
        Code::Limit => "P0105",
        Code::Undeclared => "P0201",
        Code::BadDeclaration => "P0202",
        Code::Refused => "P0203",
        Code::Undecided => "P0204",
        Code::Shape => "P0301",
        Code::UnknownSize => "P0302",
        Code::Index => "P0303",
        Code::Ellipsis => "P0304",
        Code::Derivative => "P0305",
        Code::Label => "P0401",
        Code::Reference => "P0402",
        Code::Setting => "P0403",
        Code::Book => "P0404",
    }
}

/// The explanation of `P0203`, also written `p0203` or `203`.
pub fn explain(asked: &str) -> Option<&'static Explanation> {
    let digits = asked.trim_start_matches(['P', 'p']);
    EXPLANATIONS.iter().find(|explanation| explanation.code[1..] == format!("{digits:0>4}"))
}

/// Every code, in order.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        kind: Code::Unbalanced,
        code: "P0101",
        title: "braces, brackets or dollar signs that do not pair up",
        text: r"Each `{`, `\left`, `\begin` and `$$` needs its partner in the same formula.

    $$ \frac{1}{2 = 0.5 $$           the second brace is not closed
    $$ \frac{1}{2} = 0.5 $$          this is read

A display formula also ends at an empty line, at a line that is only `=`, and at a line that begins with a mark of Markdown such as `- ` or
`+ `.",
    },
    Explanation {
        kind: Code::UnknownCommand,
        code: "P0102",
        title: "a command that is not part of checked TeX",
        text: r"Either the command is misspelt, or the checker has no meaning for it.

    $$ \apha = 1 $$                  \alpha was meant
    $$ \operatorname{tr} A $$        a name of several letters stands in \operatorname",
    },
    Explanation {
        kind: Code::Unreadable,
        code: "P0103",
        title: "a formula that has no reading",
        text: r"A sign stands without what it needs on its left or right, or an argument is missing.

    $$ x + = x $$                    the plus has nothing on its right
    $$ x + 0 = x $$                  this is read

The one way out is `\unchecked{reason}` inside the formula. It is shown to the reader as such, and counted.",
    },
    Explanation {
        kind: Code::Ambiguous,
        code: "P0104",
        title: "a formula with two readings",
        text: r"Where a mathematician would ask back, the checker does not guess.

    $$ a / b c = a $$                is it (a / b) c or a / (b c)?
    $$ \frac{a}{b c} = a $$          this is read",
    },
    Explanation {
        kind: Code::Limit,
        code: "P0105",
        title: "more than the checker takes on",
        text: r"Nesting, length, sums and sizes have limits, which the message names, so that no page keeps the checker busy for ever.

    $$ \sum_{i=1}^{10^9} i = 0 $$    too many terms
    $$ \sum_{i=1}^{n} i = \frac{n (n + 1)}{2} $$",
    },
    Explanation {
        kind: Code::Undeclared,
        code: "P0201",
        title: "a symbol that was neither declared nor defined",
        text: r"A symbol gets its shape from a declaration, or from the right side of `:=`, above its first use in the chapter.

    Let $x, y \in \mathbb{R}$ and $\mathbf{w} \in \mathbb{R}^n$.
    $$ z := x + y $$

Bold letters and accents belong to the name: `t`, `\mathbf{t}` and `\hat{t}` are three symbols.",
    },
    Explanation {
        kind: Code::BadDeclaration,
        code: "P0202",
        title: "a declaration or definition that cannot be taken",
        text: r"The domain is not known, or a definition leads back to itself.

    $x \in \mathbb{Q}$               is no domain of checked TeX
    $$ f(x) := f(x) + 1 $$           the function is defined by itself

Domains are \mathbb{R}, \mathbb{R}^n, \mathbb{R}^{m \times n}, \mathbb{N}, \mathbb{Z}, intervals and finite sets, among others.",
    },
    Explanation {
        kind: Code::Refused,
        code: "P0203",
        title: "this step does not follow from the one above",
        text: r"A sample was found on which the two sides differ. It was made as simple as it could be, and the message prints it.

    Let $x \in \mathbb{R}$.
    $$ (x + 1)^2 = x^2 + 1 $$        with x = 1: left is 4, right is 2

Put the values in by hand to see it. If the step holds only under a condition, write the condition beside it:

    $$ \sqrt{x^2} = x \quad \text{if } x > 0 $$

To show a mistake on purpose, claim that it is one: `A \ne B`.",
    },
    Explanation {
        kind: Code::Undecided,
        code: "P0204",
        title: "a step for which no sample could be found",
        text: r"No values met the conditions, or a side was undefined at them. The step was not refuted, but it was not checked either.

    Let $x \in \mathbb{R}$.
    $$ \ln x^2 = 2 \ln x $$          undefined for negative x
    Let $x \in \mathbb{R}_{>0}$.     with this it is checked",
    },
    Explanation {
        kind: Code::Shape,
        code: "P0301",
        title: "shapes that do not fit",
        text: r"The operands of an operation, or the two sides of a step, have different shapes. The message names both.

    Let $W \in \mathbb{R}^{m \times n}$ and $\mathbf{x} \in \mathbb{R}^n$.
    $$ \frac{\partial W \mathbf{x}}{\partial \mathbf{x}} = W^\top $$      left is m×n, right is n×m

A derivative by a vector is a row in the numerator layout, which is the usual one, and a column in the denominator layout.",
    },
    Explanation {
        kind: Code::UnknownSize,
        code: "P0302",
        title: "a size that nothing fixes",
        text: r"`I`, `\mathbf{1}`, `\mathbf{e}_i` and `\mathbf{0}` take their size from their surroundings. Here nothing says it.

    $$ \operatorname{tr} I = 3 $$    of which size?
    $$ \operatorname{tr} I_3 = 3 $$  this is read",
    },
    Explanation {
        kind: Code::Index,
        code: "P0303",
        title: "an index without a range, with two ranges, or outside its range",
        text: r"An index ranges over what it indexes.

    Let $\mathbf{x} \in \mathbb{R}^n$ and $\mathbf{y} \in \mathbb{R}^m$.
    $$ \sum_i x_i y_i = 0 $$         does i run to n or to m?
    $$ \sum_{i=1}^{n} x_i^2 = \mathbf{x}^\top \mathbf{x} $$",
    },
    Explanation {
        kind: Code::Ellipsis,
        code: "P0304",
        title: "dots that fit no pattern, or two",
        text: r"The general element behind the dots is inferred from those that are written, and must reproduce every one of them.

    $$ 1 + 2 + 4 + \dots + n = 0 $$  the pattern is not clear
    $$ x_1 + x_2 + \dots + x_n = \sum_{i=1}^{n} x_i $$",
    },
    Explanation {
        kind: Code::Derivative,
        code: "P0305",
        title: "a derivative by what is no variable, or one that has no layout",
        text: r"One may differentiate by a symbol, an element or a member of a family, not by an expression or a number.

    $$ \frac{d x^2}{d (2x)} = x $$   2x is no symbol
    $$ u := 2x $$                    with a name it can be differentiated by

A matrix by a vector or by a matrix has no layout. Use `\operatorname{vec}`.",
    },
    Explanation {
        kind: Code::Label,
        code: "P0401",
        title: "a label that is malformed or given twice",
        text: r"Names are unique in the book. They have parts of a-z, 0-9 and `-`, joined by dots.

    \label{neuron.dz-dw}             is a label
    \label{Neuron dz}                is none",
    },
    Explanation {
        kind: Code::Reference,
        code: "P0402",
        title: "a reference to a label that does not exist",
        text: r"`\eqref{…}` names a label that no formula of the files given has.

If the label stands in another chapter, give that file too: `proofread check book/*.md`.",
    },
    Explanation {
        kind: Code::Setting,
        code: "P0403",
        title: "a setting that is not known or has a wrong value",
        text: r#"Settings stand in `book.toml` in the table [preprocessor.proofread], or in a chapter in a block:

    ```proofread
    layout = "denominator"           or "numerator", the usual one
    kronecker = "\\otimes"           a command that means Kronecker's product
    ```"#,
    },
    Explanation {
        kind: Code::Book,
        code: "P0404",
        title: "something that the book's tools would not see or would damage",
        text: r"A formula inside a block of HTML is shown as bare TeX. Leave an empty line after the tag:

    <details>

    $$ x + x = 2x $$

    </details>

Formulas stand between dollar signs. To Markdown `\( … \)`, `\[ … \]` and `\begin{align} … \end{align}` are prose:

    $$ \begin{aligned} 2x &= x + x \end{aligned} $$

A bar ends the cell of a table, so that a formula in it writes `\lvert x \rvert`.

A chapter must stand in SUMMARY.md, and Rust code in a fence that the tests compile.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code_once_and_in_order() {
        for pair in EXPLANATIONS.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} {}", pair[0].code, pair[1].code);
        }
        for explanation in EXPLANATIONS {
            assert_eq!(explanation.code, code(explanation.kind));
            assert_eq!(explain(explanation.code).map(|found| found.kind), Some(explanation.kind));
            assert!(explanation.text.lines().all(|line| line.len() <= 140), "{}", explanation.code);
        }
        assert_eq!(explain("203").map(|found| found.code), Some("P0203"));
        assert!(explain("P9999").is_none() && explain("").is_none() && explain("é").is_none());
    }
}
