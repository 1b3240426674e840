import Shared

/// The curves that a person looks at first, side by side.
struct CurvePane: Sendable, Equatable {
    /// One curve as it is drawn.
    struct Curve: Sendable, Equatable {
        var name: String
        var last: Double
        var xs: [Double]
        var ys: [Double]
    }

    private(set) var curves: [Curve] = []

    /// Columns that a curve needs at least.
    private static let leastWidth = 36
    /// More than fit on any screen.
    private static let mostCurves = 8

    init() {}

    /// Losses first; what the observer measures, last.
    init(_ series: [Series]) {
        let shown = series.filter { $0.count >= 2 && $0.lowest != nil }.sorted { left, right in
            (Self.rank(left), left.name) < (Self.rank(right), right.name)
        }
        curves = shown.prefix(Self.mostCurves).map { one in
            let points = one.points
            return Curve(
                name: one.name, last: one.last?.value ?? .nan,
                xs: points.map { Double(one.stepsRepeat ? Int64($0.number) : $0.step) },
                ys: points.map(\.value))
        }
    }

    private static func rank(_ series: Series) -> Int {
        if series.source == .observer { return 3 }
        let name = series.name.lowercased()
        if name.contains("loss") { return 0 }
        return name.contains("acc") || name.contains("val") ? 1 : 2
    }

    /// `height` rows of `width` columns: a title, and the curve below it; none where nothing is known.
    func rows(width: Int, height: Int) -> [String] {
        guard !curves.isEmpty, height >= 3, width >= 10 else { return [] }
        let count = min(curves.count, max(1, width / Self.leastWidth))
        let each = width / count - 2
        let parts = curves.prefix(count).map { curve in
            [DisplayWidth.fit(title(curve), to: each)]
                + BrailleChart.rows(
                    Array(zip(curve.xs, curve.ys)).map { (x: $0.0, y: $0.1) }, width: each,
                    height: height - 1)
        }
        return (0..<height).map { row in parts.map { $0[row] }.joined(separator: "  ") }
    }

    private func title(_ curve: Curve) -> String {
        let finite = curve.ys.filter(\.isFinite)
        let range = "\(Self.short(finite.min() ?? .nan)) to \(Self.short(finite.max() ?? .nan))"
        return "\(oneLine(curve.name)) \(Self.short(curve.last))  (\(range))"
    }

    /// Four significant digits.
    static func short(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
        let size = abs(value)
        if size >= 1e6 || size < 1e-4 {
            var exponent = 0
            var mantissa = value
            while abs(mantissa) >= 10 {
                mantissa /= 10
                exponent += 1
            }
            while abs(mantissa) < 1 {
                mantissa *= 10
                exponent -= 1
            }
            return "\((mantissa * 1000).rounded() / 1000)e\(exponent)"
        }
        var scale = 1.0
        while size * scale < 1000, scale < 1e8 { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
    }
}
