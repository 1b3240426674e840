/// A table of scalars as Lightning's CSVLogger (`metrics.csv`), ultralytics (`results.csv`) and
/// Keras' CSVLogger write them: names in the first line, a row for a step or an epoch.
///
/// They are written anew where a column is added, so a table that changed is read anew.
struct ScalarTableFile: Sendable {
    let path: String
    private var size: Int64 = -1
    private var modified: Int64 = 0

    /// Other tables of a run are data.
    static let names: Set<String> = ["metrics.csv", "results.csv"]
    private static let mostBytes = 64 << 20
    private static let mostColumns = 200
    private static let countNames: Set<String> = ["step", "epoch"]

    init(path: String) { self.path = path }

    /// - Parameter begin: called before the first scalar where the table is to be read anew.
    mutating func read(
        begin: () -> Void, _ body: (_ name: String, _ step: Int64?, _ value: Double) -> Void
    ) {
        var information = stat()
        guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            Int64(information.st_size) <= Self.mostBytes
        else { return }
        #if os(macOS)
            let modification = information.st_mtimespec
        #else
            let modification = information.st_mtim
        #endif
        let time = Int64(modification.tv_sec) &* 1_000_000_000 &+ Int64(modification.tv_nsec)
        guard Int64(information.st_size) != size || time != modified else { return }
        guard let data = try? readFile(path, limit: Self.mostBytes) else { return }
        (size, modified) = (Int64(information.st_size), time)
        begin()
        var lines = data.split(separator: 0x0A).makeIterator()
        guard let header = lines.next() else { return }
        let names = Self.cells(header)
        let counter = names.firstIndex(of: "step") ?? names.firstIndex(of: "epoch")
        guard let counter, names.count <= Self.mostColumns else { return }
        while let line = lines.next() {
            let cells = Self.cells(line)
            guard cells.count == names.count else { continue }
            let step = Double(cells[counter]).flatMap { abs($0) < 1e15 ? Int64($0) : nil }
            for (name, cell) in zip(names, cells) where !Self.countNames.contains(name) {
                var scanner = ByteScanner(Array(cell.utf8))
                guard let value = scanner.number(), scanner.isAtEnd else { continue }
                body(name, step, value)
            }
        }
    }

    private static func cells(_ line: Data) -> [String] {
        line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { cell in
            let text = String(decoding: cell, as: UTF8.self)
            return String(text.filter { $0 != " " && $0 != "\r" && $0 != "\"" })
        }
    }
}
