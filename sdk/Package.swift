// swift-tools-version: 6.2
import PackageDescription

/// The same three upcoming features everywhere, so that leaks of implementation types show in review. Warnings are errors where the code is worked on;
/// a release build goes through with a later compiler that warns of more.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

let package = Package(
    name: "sdk",
    products: [
        // Dynamic, so that host and modules share one copy of its types: see docs/decisions/0001.
        .library(name: "TesseraKit", type: .dynamic, targets: ["TesseraKit"]),
        // The plain C part of the contract, for who reads a module's stamp.
        .library(name: "CTesseraABI", targets: ["CTesseraABI"]),
        .library(name: "QueryLanguage", type: .static, targets: ["QueryLanguage"]),
        .library(name: "Manifests", type: .static, targets: ["Manifests"]),
    ],
    targets: [
        .systemLibrary(name: "CLibYAML", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CTesseraABI"),
        .target(name: "TesseraKit", dependencies: ["CTesseraABI"], swiftSettings: swiftSettings),
        .target(name: "QueryLanguage", swiftSettings: swiftSettings),
        .target(name: "Manifests", dependencies: ["CLibYAML"], swiftSettings: swiftSettings),
        .testTarget(name: "TesseraKitTests", dependencies: ["TesseraKit"], swiftSettings: swiftSettings),
        .testTarget(name: "QueryLanguageTests", dependencies: ["QueryLanguage"], swiftSettings: swiftSettings),
        .testTarget(name: "ManifestsTests", dependencies: ["Manifests"], exclude: ["Corpus"], swiftSettings: swiftSettings),
    ]
)
