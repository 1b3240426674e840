/// A step of the agent, in the order of DESIGN.md's drawing.
///
/// `dataset`, `dependencies`, `gpu` and `restore` run side by side; all four must have succeeded
/// before `train`. `sync` runs beside `train`; `finalSync` and `powerOff` are always reached.
package enum Phase: OpenEnum, Comparable {
    case prepare
    case code
    case dataset
    case dependencies
    case gpu
    case restore
    case train
    case finalSync
    case powerOff
    case finished
    /// A step that only a later version has.
    case unknown(String)

    package static let allCases: [Phase] = [
        .prepare, .code, .dataset, .dependencies, .gpu, .restore, .train, .finalSync, .powerOff,
        .finished,
    ]

    package var rawValue: String {
        switch self {
        case .prepare: "prepare"
        case .code: "code"
        case .dataset: "dataset"
        case .dependencies: "dependencies"
        case .gpu: "gpu"
        case .restore: "restore"
        case .train: "train"
        case .finalSync: "final_sync"
        case .powerOff: "power_off"
        case .finished: "finished"
        case .unknown(let name): name
        }
    }

    package static func < (left: Phase, right: Phase) -> Bool {
        left.position < right.position
    }

    private var position: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }

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
        case .unknown(let name): name.replacing("_", with: " ")
        }
    }
}
