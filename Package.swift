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

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let tesseraKit: Target.Dependency = .product(name: "TesseraKit", package: "sdk")
let tesseraABI: Target.Dependency = .product(name: "CTesseraABI", package: "sdk")
let queryLanguage: Target.Dependency = .product(name: "QueryLanguage", package: "sdk")
let manifests: Target.Dependency = .product(name: "Manifests", package: "sdk")

let package = Package(
    name: "tessera",
    products: [
        .executable(name: "tessera", targets: ["tessera"]),
        .library(name: "Contacts", type: .dynamic, targets: ["ContactsLibrary"]),
        // A module for tests of loading modules.
        .library(name: "GreetingFixture", type: .dynamic, targets: ["GreetingFixture"]),
    ],
    dependencies: [
        .package(path: "sdk"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibXLSXWriter", pkgConfig: "xlsxwriter", providers: [.apt(["libxlsxwriter-dev"])]),
        .systemLibrary(name: "CLibZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .systemLibrary(name: "CLibExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),

        // PostgreSQL: the client, and the server that Tessera runs for itself.
        .target(name: "Postgres", dependencies: ["CLibPQ", logging, lifecycle], swiftSettings: swiftSettings),
        .target(name: "PrivateCluster", dependencies: [logging, lifecycle], swiftSettings: swiftSettings),

        // Strict JSON, value by value.
        .target(name: "JSONReading", dependencies: [queryLanguage], swiftSettings: swiftSettings),

        // The kernel: what record types exist, the schema that holds them, the store, bulk transfer.
        .target(name: "Catalog", dependencies: [manifests, queryLanguage], path: "Sources/Kernel/Catalog", swiftSettings: swiftSettings),
        .target(
            name: "SchemaPlan", dependencies: ["Catalog", "Postgres", manifests, queryLanguage, logging], path: "Sources/Kernel/SchemaPlan",
            swiftSettings: swiftSettings),
        // What roles come to for one principal: pure, with a back end in memory; that in SQL is the store's.
        .target(
            name: "Permissions", dependencies: ["Catalog", manifests, queryLanguage], path: "Sources/Kernel/Permissions",
            swiftSettings: swiftSettings),
        .target(
            name: "Records", dependencies: ["JSONReading", "Catalog", "Permissions", "Postgres", manifests, queryLanguage, logging],
            path: "Sources/Kernel/Records",
            swiftSettings: swiftSettings),
        // Users, teams and services: who there is, and what each may do.
        .target(
            name: "Principals",
            dependencies: ["Catalog", "JSONReading", "Permissions", "Postgres", "Records", manifests, queryLanguage, logging],
            path: "Sources/Kernel/Principals", swiftSettings: swiftSettings),
        .target(
            name: "Jobs", dependencies: ["JSONReading", "Postgres", "Records", queryLanguage, logging, lifecycle],
            path: "Sources/Kernel/Jobs", swiftSettings: swiftSettings),
        // The event log: positions, subscriptions, what follows it within the kernel.
        .target(
            name: "Events",
            dependencies: ["JSONReading", "Catalog", "Permissions", "Postgres", "Records", manifests, queryLanguage, logging, lifecycle],
            path: "Sources/Kernel/Events", swiftSettings: swiftSettings),
        .target(
            name: "Transfer",
            dependencies: [
                "CLibCrypto", "CLibXLSXWriter", "CLibZip", "CLibExpat", "JSONReading", "Catalog", "Postgres", "Records", "Files", manifests,
                queryLanguage,
            ],
            path: "Sources/Kernel/Transfer",
            swiftSettings: swiftSettings),

        // Files: what is known of them, and the stores of their contents.
        .target(
            name: "Files",
            dependencies: [
                "CLibCrypto", "Catalog", "Postgres", "Records", queryLanguage, httpClient, logging,
            ] + nio,
            path: "Sources/Kernel/Files", swiftSettings: swiftSettings),

        .target(
            name: "ModuleHost", dependencies: ["Catalog", "Records", "Events", tesseraKit, tesseraABI, queryLanguage, manifests, logging],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Server",
            dependencies: [
                "CLibCrypto", "CLibZ", "Jobs", "JSONReading", "Catalog", "Permissions", "Postgres", "Principals", "Records", "Events",
                "Files", "Transfer", manifests, queryLanguage,
                hummingbird, logging, lifecycle,
            ] + nio,
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "tessera",
            dependencies: [
                "JSONReading", "Postgres", "PrivateCluster", "Catalog", "SchemaPlan", "Permissions", "Principals", "Records", "Jobs",
                "Events", "Files", "Transfer", "ModuleHost", "Server", queryLanguage, manifests, httpClient,
                .product(name: "ArgumentParser", package: "swift-argument-parser"), logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),

        // Modules see TesseraKit and nothing else of ours.
        .target(name: "CPhoneNumber", path: "Plugins/Contacts/CPhoneNumber", linkerSettings: [.linkedLibrary("phonenumber")]),
        .target(
            name: "Contacts", dependencies: [tesseraKit, "CPhoneNumber"], path: "Plugins/Contacts/Sources", swiftSettings: swiftSettings),
        .target(
            name: "ContactsLibrary", dependencies: [tesseraKit, "Contacts"], path: "Plugins/Contacts/Library", swiftSettings: swiftSettings),
        .testTarget(
            name: "ContactsTests", dependencies: [tesseraKit, "Contacts", "CPhoneNumber"], path: "Plugins/Contacts/Tests",
            swiftSettings: swiftSettings),
        .target(name: "GreetingFixture", dependencies: [tesseraKit], path: "Tests/Fixtures/GreetingFixture", swiftSettings: swiftSettings),
        .testTarget(
            name: "ModuleHostTests",
            dependencies: [
                "ModuleHost", "Catalog", "Records", "Events", "Files", "Transfer", "Postgres", "TestKernel", tesseraKit, queryLanguage,
                manifests,
                logging,
            ],
            swiftSettings: swiftSettings),

        .target(name: "TestPostgres", dependencies: ["CLibPQ"], path: "Tests/Support/TestPostgres", swiftSettings: swiftSettings),
        .testTarget(
            name: "SchemaPlanTests",
            dependencies: ["SchemaPlan", "Catalog", "Postgres", "TestPostgres", manifests, queryLanguage, logging],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestPostgres", "TestRandom", logging, lifecycle],
            swiftSettings: swiftSettings),
        // Random numbers that a seed repeats.
        .target(name: "TestRandom", path: "Tests/Support/TestRandom", swiftSettings: swiftSettings),
        .testTarget(name: "JSONReadingTests", dependencies: ["JSONReading", "TestRandom"], swiftSettings: swiftSettings),
        // A store over a database of its own, composed from manifest texts.
        .target(
            name: "TestKernel",
            dependencies: ["Catalog", "Postgres", "Records", "SchemaPlan", "TestPostgres", manifests, queryLanguage, logging],
            path: "Tests/Support/TestKernel", swiftSettings: swiftSettings),
        .testTarget(
            name: "RecordsTests",
            dependencies: [
                "Records", "Catalog", "Permissions", "SchemaPlan", "Postgres", "TestKernel", "TestPostgres", queryLanguage, manifests,
                logging,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "PermissionsTests",
            dependencies: [
                "Permissions", "Principals", "Catalog", "Records", "SchemaPlan", "Postgres", "TestKernel", "TestPostgres", "TestRandom",
                queryLanguage, manifests, logging,
            ],
            exclude: ["matrix.yaml"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "Jobs", "Events", "JSONReading", "Catalog", "Permissions", "Principals", "Records", "Transfer", "Files",
                "Postgres",
                "TestKernel", "TestPostgres", "TestRandom", queryLanguage, hummingbird, logging, lifecycle,
            ] + nio,
            swiftSettings: swiftSettings),
        .testTarget(
            name: "FilesTests",
            dependencies: [
                "Files", "Catalog", "Permissions", "Records", "Postgres", "TestKernel", "TestPostgres", "TestRandom", queryLanguage,
                httpClient,
                logging,
            ] + nio,
            exclude: ["ObjectStore/object-store.py", "ObjectStore/flaky-gateway.py"], swiftSettings: swiftSettings),
        // Random input for each front: see Tests/Fuzz/README.md.
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Catalog", "Records", "Transfer", "Files", queryLanguage, manifests, .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/Fuzz", exclude: ["Corpus", "README.md"],
            swiftSettings: swiftSettings),
        // Holds a private cluster until it is killed, for the tests of what it leaves behind.
        .executableTarget(
            name: "ClusterHolder", dependencies: ["PrivateCluster", logging], path: "Tests/ClusterHolder", swiftSettings: swiftSettings),
        .testTarget(
            name: "PrivateClusterTests", dependencies: ["PrivateCluster", "ClusterHolder", logging, lifecycle], swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "TransferTests",
            dependencies: [
                "Transfer", "CLibZip", "Catalog", "Records", "Files", "Postgres", "TestKernel", "TestRandom", manifests, queryLanguage,
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "JobsTests",
            dependencies: ["Jobs", "Records", "Postgres", "TestKernel", queryLanguage, logging, lifecycle], swiftSettings: swiftSettings),
        .testTarget(
            name: "EventsTests",
            dependencies: [
                "Events", "Catalog", "Permissions", "Records", "SchemaPlan", "Transfer", "Postgres", "TestKernel", "TestPostgres",
                "JSONReading", queryLanguage, manifests, logging, lifecycle,
            ],
            swiftSettings: swiftSettings),
        // Runs the built program as people do.
        .testTarget(name: "ProductTests", dependencies: ["TestRandom"], swiftSettings: swiftSettings),
    ],
    cxxLanguageStandard: .cxx17
)
