/// All series of a run, each from its best source.
struct ScalarTable {
    private struct Key: Hashable {
        var source: ScalarSource
        /// The directory of an event file; "" elsewhere.
        var place: String
        var name: String
    }

    private var series: [Key: Series] = [:]
    private var order: [Key] = []
    /// A trainer that makes up names would fill the memory.
    private static let mostSeries = 500
    private(set) var isFull = false
    private let capacity: Int
    /// Of each name since the last call.
    private var fresh: [String: FreshValues] = [:]

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(
        _ name: String, from source: ScalarSource, in place: String = "", step: Int64?,
        time: Double?, value: Double, attempt: Int? = nil
    ) {
        guard !name.isEmpty, name.utf8.count <= 300 else { return }
        let key = Key(source: source, place: place, name: name)
        if series[key] == nil {
            guard order.count < Self.mostSeries else {
                isFull = true
                return
            }
            series[key] = Series(name: name, source: source, capacity: capacity)
            order.append(key)
        }
        fresh[name, default: FreshValues()].note(value, step: step)
        series[key]?.append(step: step, time: time, value: value, attempt: attempt)
    }

    /// What came since the last call.
    mutating func takeFresh() -> [String: FreshValues] {
        defer { fresh = [:] }
        return fresh
    }

    mutating func removeAll(from source: ScalarSource, in place: String = "") {
        for key in order where key.source == source && key.place == place { series[key] = nil }
        order.removeAll { $0.source == source && $0.place == place }
    }

    /// By name; of one name the most trusted source alone.
    var merged: [Series] {
        var byName: [String: Series] = [:]
        for source in ScalarSource.allCases {
            for (name, found) in named(from: source) where byName[name] == nil {
                byName[name] = found
            }
        }
        return byName.values.sorted { $0.name < $1.name }
    }

    /// The series of one source. Event files of one tag in several directories are one after the
    /// other, as each start of a trainer makes them, or side by side, as Keras writes `train` and
    /// `validation`: then the directory's name precedes the tag.
    private func named(from source: ScalarSource) -> [(String, Series)] {
        var result: [(String, Series)] = []
        for (name, keys) in Dictionary(
            grouping: order.filter { $0.source == source }, by: \.name)
        {
            let parts = keys.compactMap { key in series[key].map { (key, $0) } }
                .sorted { $0.1.start < $1.1.start }
            if Self.overlap(parts.map(\.1)) {
                for (key, part) in parts {
                    let prefix = key.place.isEmpty ? "" : fileName(of: key.place) + "/"
                    result.append((prefix + name, part.renamed(prefix + name)))
                }
            } else if let first = parts.first {
                let joined = parts.dropFirst().reduce(first.1) { $0.followed(by: $1.1) }
                result.append((name, joined))
            }
        }
        return result
    }

    private static func overlap(_ parts: [Series]) -> Bool {
        zip(parts, parts.dropFirst()).contains { earlier, later in
            (earlier.last?.time ?? 0) > later.start
        }
    }
}

extension Series {
    /// Of its first point, in seconds since 1970.
    fileprivate var start: Double { segments.first?.points.points.first?.time ?? 0 }

    fileprivate func renamed(_ name: String) -> Series {
        var copy = Series(name: name, source: source)
        copy = copy.followed(by: self)
        return copy
    }
}
