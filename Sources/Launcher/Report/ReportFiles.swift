/// The parts of a page, compiled into the launcher. A test compares them with the directory.
enum ReportFiles {
    static let files: [(name: String, bytes: [UInt8])] = [
        ("report.css", PackageResources.report_css),
        ("report.js", PackageResources.report_js),
        ("uPlot-license.txt", PackageResources.uPlot_license_txt),
        ("uPlot.iife.min.js", PackageResources.uPlot_iife_min_js),
        ("uPlot.min.css", PackageResources.uPlot_min_css),
    ]

    static let style = String(decoding: PackageResources.report_css, as: UTF8.self)
    static let script = String(decoding: PackageResources.report_js, as: UTF8.self)
    static let license = String(decoding: PackageResources.uPlot_license_txt, as: UTF8.self)
    /// Draws the charts; MIT licence, which stands in the page beside it.
    static let uPlot = String(decoding: PackageResources.uPlot_iife_min_js, as: UTF8.self)
    static let uPlotStyle = String(decoding: PackageResources.uPlot_min_css, as: UTF8.self)
}
