// swift-tools-version: 6.2
import PackageDescription

/// Every target is built with these, so that a warning never reaches a user.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// What goes into the agent is built for size: it spends its time waiting for other programs. A section
/// for each function lets the linker leave out those that nobody calls.
let small: [SwiftSetting] =
    strict + [
        .unsafeFlags(
            ["-Osize", "-Xfrontend", "-function-sections"], .when(configuration: .release))
    ]

/// The agent must run on any Linux image and the launcher on any laptop, without Swift: each
/// executable carries its libraries in it.
///
/// The flags stand on the thin executable targets alone: SwiftPM hands a target's linker flags on
/// to every test that depends on it, and a test bundle cannot be a static executable.
let staticCompile: [SwiftSetting] = [
    .unsafeFlags(["-static-stdlib"], .when(platforms: [.linux]))
]
/// Stripped, equal functions folded, without the names of Unicode's characters (`unicode_names.c`), and
/// without tables for unwinding: nothing here throws C++ exceptions. Together a sixth of what travels
/// to every machine.
let staticLink: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-executable", "-use-ld=lld", "-Xlinker", "-s", "-Xlinker", "--icf=all",
            "-Xlinker", "--no-eh-frame-hdr", "-Xlinker", "--wrap=_swift_stdlib_getScalarName",
            "-Xlinker", "-T",
            "-Xlinker",
            "\(Context.packageDirectory)/Sources/Agent/Executable/without-unwind-tables.ld",
        ], .when(platforms: [.linux]))
]

/// What the launcher writes into each run's folder; `cloud-init` is the directory at the root.
let terraform: [Resource] = [
    "gcp", "aws", "aws-machine", "aws-network", "aws-switch", "azure", "azure-machine",
    "azure-network", "azure-switch", "variables", "settings", "outputs",
].map { .embedInCode("Clouds/Terraform/\($0).tf") }

let package = Package(
    name: "train",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "train", targets: ["TrainLauncher"]),
        .executable(name: "train-agent", targets: ["TrainAgent"]),
    ],
    targets: [
        .target(name: "CPosix"),
        .target(name: "Shared", dependencies: ["CPosix"], swiftSettings: small),
        .target(
            name: "Agent", dependencies: ["Shared", "CPosix"], exclude: ["Executable"],
            resources: [.embedInCode("ai_training_utils"), .embedInCode("environment_tools")],
            swiftSettings: small),
        .target(
            name: "Launcher", dependencies: ["Shared", "CPosix"], exclude: ["Executable"],
            resources: terraform + [
                .embedInCode("cloud-init"), .embedInCode("Clouds/Capacity/prices.csv"),
                .embedInCode("Report/Page"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "TrainAgent", dependencies: ["Agent", "Shared"], path: "Sources/Agent/Executable",
            exclude: ["without-unwind-tables.ld"],
            swiftSettings: strict + staticCompile, linkerSettings: staticLink),
        .executableTarget(
            name: "TrainLauncher", dependencies: ["Launcher", "Shared"],
            path: "Sources/Launcher/Executable",
            swiftSettings: strict + staticCompile, linkerSettings: staticLink),
        .target(
            name: "TestSupport", dependencies: ["Shared"], path: "Tests/Support",
            swiftSettings: strict),
        .testTarget(
            name: "SharedTests", dependencies: ["Shared", "CPosix", "TestSupport"],
            exclude: ["Scalars/Recorded"],
            swiftSettings: strict),
        .testTarget(
            name: "AgentTests", dependencies: ["Agent", "CPosix", "TestSupport"],
            exclude: [
                "Chaos/check.py", "Chaos/closers.py", "Chaos/sealed.py", "Chaos/store.py",
                "Chaos/writers.py",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LauncherTests", dependencies: ["Launcher", "TestSupport"],
            exclude: [
                "Golden", "Clouds/Recorded", "Reading/proxy.py", "Runs/Recorded", "Watching/Golden",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Shared", "TestSupport"],
            exclude: ["Programs"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
