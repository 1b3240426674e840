/// A step of the agent, in the order of DESIGN.md's drawing.
///
/// `dataset`, `dependencies`, `gpu` and `restore` run side by side; all four must have succeeded
/// before `train`. `sync` runs beside `train`; `finalSync` and `powerOff` are always reached.
package enum Phase: String, Codable, Sendable, CaseIterable, Comparable {
    case prepare
    case code
    case dataset
    case dependencies
    case gpu
    case restore
    case train
    case finalSync = "final_sync"
    case powerOff = "power_off"
    case finished

    package static func < (left: Phase, right: Phase) -> Bool {
        left.position < right.position
    }

    private var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// What a person reads in a live view.
    package var title: String {
        switch self {
        case .prepare: "preparing directories"
        case .code: "bringing the code"
        case .dataset: "bringing the dataset"
        case .dependencies: "installing dependencies"
        case .gpu: "waiting for the GPU"
        case .restore: "restoring earlier output"
        case .train: "training"
        case .finalSync: "last sync"
        case .powerOff: "powering off"
        case .finished: "finished"
        }
    }
}
