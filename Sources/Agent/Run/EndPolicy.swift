/// What happens to the machine once the final sync is over: pure.
enum EndPolicy: Equatable {
    case stayOn
    /// Off by this argv; the disk stays, whether the final sync was verified or not.
    case powerOff(executable: String, arguments: [String])

    /// - Parameter powerOff: the job's argv; nil or empty leaves the machine on.
    init(powerOff: [String]?) {
        guard let powerOff, let executable = powerOff.first else {
            self = .stayOn
            return
        }
        self = .powerOff(executable: executable, arguments: Array(powerOff.dropFirst()))
    }
}
