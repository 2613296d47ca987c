//! Typed expressions: what a formula means, with the shape and the place of every part.
//!
//! The reader (`math::read`) builds them, the evaluator (`eval`) gives them values. They know nothing of TeX.

use num_rational::BigRational;

use super::int::Int;
use crate::span::Span;

/// A symbol of a chapter: an index into [`Symbols`](super::symbol::Symbols). Two symbols that look alike, one replacing the other, have two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub u32);

/// Rows and columns. A scalar is 1×1, a vector n×1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The number of rows.
    pub rows: Int,
    /// The number of columns.
    pub cols: Int,
}

impl Shape {
    /// 1×1.
    pub fn scalar() -> Shape {
        Shape { rows: Int::one(), cols: Int::one() }
    }

    /// n×1.
    pub fn column(rows: Int) -> Shape {
        Shape { rows, cols: Int::one() }
    }

    /// 1×n.
    pub fn row(cols: Int) -> Shape {
        Shape { rows: Int::one(), cols }
    }

    /// m×n.
    pub fn matrix(rows: Int, cols: Int) -> Shape {
        Shape { rows, cols }
    }

    /// Whether it is 1×1 whatever the dimensions are.
    pub fn is_scalar(&self) -> bool {
        self.rows.is_one() && self.cols.is_one()
    }

    /// n×m.
    pub fn transposed(&self) -> Shape {
        Shape { rows: self.cols.clone(), cols: self.rows.clone() }
    }
}

/// An expression with its shape and its place in the Markdown file.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Its shape.
    pub shape: Shape,
    /// Where it stands.
    pub span: Span,
}

/// A child expression.
pub type Sub = Box<Expr>;

/// The functions from numbers to numbers that have a name. On vectors and matrices they act element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Elementary {
    /// Sine and its kin.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Secant, 1/cos.
    Sec,
    /// Cosecant, 1/sin.
    Csc,
    /// Cotangent, cos/sin.
    Cot,
    /// Inverse sine, defined on [-1, 1].
    Arcsin,
    /// Inverse cosine, defined on [-1, 1].
    Arccos,
    /// Inverse tangent.
    Arctan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Hyperbolic tangent.
    Tanh,
    /// Inverse hyperbolic sine.
    Arsinh,
    /// Inverse hyperbolic cosine, defined from 1.
    Arcosh,
    /// Inverse hyperbolic tangent, defined on (-1, 1).
    Artanh,
    /// The exponential function.
    Exp,
    /// The natural logarithm, defined on positive numbers.
    Ln,
    /// The square root, defined from 0.
    Sqrt,
    /// The real root of an odd or even degree.
    Root(u32),
    /// The absolute value.
    Abs,
    /// -1, 0 or 1.
    Sign,
    /// max(0, x).
    Relu,
    /// The logistic function 1/(1 + e^-x).
    Logistic,
    /// ln(1 + e^x).
    Softplus,
}

/// The larger or the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extremum {
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

/// Functions of a whole vector or matrix to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum of all elements.
    Sum,
    /// Their mean.
    Mean,
    /// The largest or smallest element.
    Extremum(Extremum),
    /// The trace of a square matrix.
    Trace,
    /// The determinant of a square matrix.
    Determinant,
    /// The sum of the absolute values.
    Norm1,
    /// The root of the sum of squares: Euclid's norm of a vector, Frobenius's of a matrix.
    Norm2,
    /// Its square, which is rational.
    SquaredNorm,
    /// The largest absolute value.
    NormInf,
}

/// A relation between two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `=`
    Equal,
    /// `\ne`
    NotEqual,
    /// `<`
    Less,
    /// `\le`
    LessOrEqual,
    /// `>`
    Greater,
    /// `\ge`
    GreaterOrEqual,
}

/// A condition that holds or does not hold on a sample.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A relation between two expressions of one shape. `Equal` of vectors means equal as vectors, `NotEqual` not equal as vectors;
    /// an order relation of vectors holds for every element.
    Relation(Relation, Sub, Sub),
    /// A scalar in an interval with its ends open or closed, or in a set of numbers: `x \in (0, 1)`.
    In(Sub, super::symbol::Domain),
    /// All hold.
    All(Vec<Condition>),
    /// One at least holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// An index that runs from `low` to `high`, both included; empty where `high < low`.
#[derive(Clone, Debug)]
pub struct IndexRange {
    /// The index, a whole-number symbol.
    pub index: SymbolId,
    /// The first value.
    pub low: Int,
    /// The last value.
    pub high: Int,
}

/// What a derivative is taken by.
#[derive(Clone, Debug)]
pub enum By {
    /// A whole symbol: declared, defined or a parameter.
    Symbol(SymbolId),
    /// A member of a family.
    Member(SymbolId, Vec<Int>),
    /// An element (row, column), from 1, of one of the above.
    Entry(Box<By>, Int, Int),
    /// Several places one after the other, as in ∂(u, v)/∂(s, t).
    List(Vec<By>),
}

/// How the partial derivatives are laid out. `p` counts the elements of what is differentiated and `q` those of what it is differentiated by,
/// both down the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrangement {
    /// Row p, column q: numerator layout of a column by a column or by a scalar, of a scalar by a column.
    Jacobian,
    /// Row q, column p: the transpose of it.
    JacobianTransposed,
    /// The shape of what is differentiated (by a scalar).
    LikeBody,
    /// Its transpose.
    LikeBodyTransposed,
    /// The shape of what it (a scalar) is differentiated by.
    LikeBy,
    /// Its transpose: numerator layout of a scalar by a matrix.
    LikeByTransposed,
}

/// The forms of an expression. Shapes were settled by the reader; scalars beside vectors and matrices are expanded where said.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A number as written, exactly.
    Number(BigRational),
    /// π.
    Pi,
    /// Euler's number.
    Euler,
    /// A whole number: a size, an index, a natural number, or a polynomial in them.
    Int(Int),
    /// A variable, a parameter or a defined symbol.
    Symbol(SymbolId),
    /// A member of a family, declared or defined.
    Member(SymbolId, Vec<Int>),
    /// The element in a row and a column, from 1.
    Entry(Sub, Int, Int),
    /// -a
    Neg(Sub),
    /// a + b; a scalar is expanded.
    Add(Sub, Sub),
    /// a - b; a scalar is expanded.
    Sub(Sub, Sub),
    /// A matrix product, or a product with a scalar on either side.
    Mul(Sub, Sub),
    /// Element by element; a scalar is expanded.
    Hadamard(Sub, Sub),
    /// a / b element by element; a scalar on either side is expanded.
    Quotient(Sub, Sub),
    /// The dot product of two columns, rows, or one of each, of equal length.
    Dot(Sub, Sub),
    /// Kronecker's product.
    Kronecker(Sub, Sub),
    /// Base to an exponent, element by element where one of them is a vector (the other a scalar, expanded). A whole-number exponent
    /// (an expression that is a whole `Number` or an `Int`) is a repeated product, defined for every base (0^0 = 1), negative ones for nonzero bases.
    Power(Sub, Sub),
    /// The power of a square matrix; A^0 = I, negative powers of the inverse.
    MatrixPower(Sub, Int),
    /// The transpose.
    Transpose(Sub),
    /// A function of numbers, element by element.
    Elementary(Elementary, Sub),
    /// The largest or smallest of several, element by element, scalars expanded.
    Extremum(Extremum, Vec<Expr>),
    /// A number from a whole vector or matrix.
    Reduce(Reduction, Sub),
    /// Exponentials divided by their sum, over all elements.
    Softmax(Sub),
    /// The columns stacked.
    Vectorize(Sub),
    /// A diagonal matrix from a column or row.
    Diagonal(Sub),
    /// The column of the diagonal elements of a square matrix.
    DiagonalOf(Sub),
    /// The identity of the shape of the expression.
    Identity,
    /// Ones everywhere.
    Ones,
    /// Zeros everywhere.
    Zeros,
    /// The column that is one in this row and zero elsewhere.
    Unit(Int),
    /// 1 where the relation holds and 0 where not, element by element; a scalar is expanded.
    Indicator(Relation, Sub, Sub),
    /// 1 where the condition holds, a scalar.
    IndicatorOf(Box<Condition>),
    /// The sum over all indices for which the condition holds. Ranges may mention earlier indices. Empty: zeros.
    Sum(Vec<IndexRange>, Option<Box<Condition>>, Sub),
    /// The product (in order, of scalars or square matrices). Empty: one, or the identity.
    Product(Vec<IndexRange>, Option<Box<Condition>>, Sub),
    /// The largest or smallest over an index (at least one value), of scalars.
    ExtremumOver(Extremum, Vec<IndexRange>, Option<Box<Condition>>, Sub),
    /// The first branch whose condition holds; the last expression otherwise. None holds: undefined.
    Cases(Vec<(Condition, Expr)>, Option<Sub>),
    /// A matrix of blocks: all in a row have the same number of rows; all rows have the same number of columns.
    Blocks(Vec<Vec<Expr>>),
    /// The matrix of the shape of the expression whose element is `body` with the two indices bound to its row and column, from 1.
    Tabulate(SymbolId, SymbolId, Sub),
    /// An arbitrary declared function at its arguments. The expression's shape is that of the value.
    Apply(SymbolId, Vec<Expr>),
    /// The body with symbols bound to values: a call of a defined function, a derivative at a point. The values are evaluated outside.
    /// Binding a declared or defined symbol overrides it, and definitions that depend on it follow.
    Let(Vec<(SymbolId, Expr)>, Sub),
    /// The body with whole-number symbols bound: a family's index in its definition.
    LetInt(Vec<(SymbolId, Int)>, Sub),
    /// A scalar body for each element of the arguments (scalars expanded), bound to its scalar symbols.
    Map(Vec<(SymbolId, Expr)>, Sub),
    /// A derivative. The body's definitions that depend on what it is taken by follow.
    Derivative(Sub, By, Arrangement),
}

/// One statement `left relation right` to be judged.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its left side.
    pub left: Expr,
    /// The relation.
    pub relation: Relation,
    /// Its right side, of the same shape.
    pub right: Expr,
    /// Where the relation sign stands.
    pub at: Span,
    /// Free indices, for all of whose values the step is claimed.
    pub free: Vec<IndexRange>,
    /// Side conditions and assumptions that restrict the samples.
    pub conditions: Vec<Condition>,
    /// Everything written in the step: the text that its seed is derived from.
    pub text: String,
}
