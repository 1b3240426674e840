import Shared

/// The list prices of GPU machines, from a dated table in the repository.
///
/// A price says what a machine costs about, and which is the cheapest; a bill is the cloud's. Prices of
/// other regions differ by up to a half.
struct PriceTable: Sendable {
    /// A machine type with its GPUs.
    struct Offer: Sendable, Equatable {
        var cloud: String
        var machineType: String
        /// The GPU that Google attaches to a machine which brings none.
        var attachedGPU: String?
        var gpu: String
        var gpus: Int
        /// The memory of one GPU.
        var gigabytesEach: Int
        /// US dollars an hour, on demand.
        var dollars: Double

        var text: String {
            "\(machineType), \(gpus) × \(gpu) with \(gigabytesEach) GB: about "
                + "$\(PriceTable.shown(dollars)) an hour"
        }
    }

    let offers: [Offer]
    /// When the prices were looked up: `2025-12-01`.
    let date: String
    /// By cloud: what they were compared with.
    let sources: [String: String]
    /// By cloud: the one region whose prices they are.
    let regions: [String: String]

    /// After this long the table says of itself that it is old.
    static let longestDays = 180

    static let current = PriceTable(String(decoding: PackageResources.prices_csv, as: UTF8.self))

    init(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        func comment(_ name: String) -> String {
            let start = "# \(name): "
            return lines.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
                ?? ""
        }
        date = comment("date")
        func byCloud(_ name: String) -> [String: String] {
            Dictionary(
                CloudRegistry.providers.map { ($0.name, comment("\(name) \($0.name)")) }
                    .filter { !$0.1.isEmpty }, uniquingKeysWith: { first, _ in first })
        }
        sources = byCloud("source")
        regions = byCloud("region")
        offers = lines.filter { !$0.hasPrefix("#") }.dropFirst().compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                .map(String.init)
            guard fields.count == 7, let gpus = Int(fields[4]), let size = Int(fields[5]),
                let dollars = Double(fields[6])
            else { return nil }
            return Offer(
                cloud: fields[0], machineType: fields[1],
                attachedGPU: fields[2].isEmpty ? nil : fields[2], gpu: fields[3], gpus: gpus,
                gigabytesEach: size, dollars: dollars)
        }
    }

    /// The offers of a cloud that fit, the cheapest first.
    func offers(on cloud: String, for request: GPURequest) -> [Offer] {
        offers.filter { $0.cloud == cloud && request.fits($0) }
            .sorted { ($0.dollars, $0.machineType) < ($1.dollars, $1.machineType) }
    }

    /// The offer that is a machine request; nil where the table does not have it.
    func offer(on cloud: String, for machine: MachineRequest) -> Offer? {
        offers.first {
            $0.cloud == cloud && $0.machineType == machine.machineType
                && $0.attachedGPU == machine.gpuType
                && (machine.gpuType == nil || $0.gpus == machine.gpuCount ?? 1)
        }
    }

    /// Where the prices come from and of when they are, with a warning if they are old.
    func origin(on cloud: String, now: Date) -> String {
        let days = Self.days(since: date, now: now)
        let age = days.map { $0 > Self.longestDays ? ", which is \($0) days ago" : "" } ?? ""
        return "list price on demand, looked up \(date)\(age), by "
            + (sources[cloud] ?? "no source that is known")
    }

    /// nil for a text that is no date.
    static func days(since date: String, now: Date) -> Int? {
        let strategy = Date.ISO8601FormatStyle(dateSeparator: .dash).year().month().day()
        guard let then = try? strategy.parse(date) else { return nil }
        return Int(now.timeIntervalSince(then) / 86_400)
    }

    /// Two digits behind the point.
    static func shown(_ dollars: Double) -> String {
        let cents = Int64((dollars * 100).rounded())
        return "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }
}
