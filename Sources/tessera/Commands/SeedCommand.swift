import ArgumentParser
import Catalog
import Records

struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Fill a deployment with made-up people and organisations.",
        discussion: """
            The data are plausible, varied and always the same for the same --seed, so that figures can be compared. One change set holds \
            all of it.

              tessera seed --people 100000
            """)

    @OptionGroup var options: DeploymentOptions

    @Option(help: "How many people to make.")
    var people = 1000

    @Option(help: "How many organisations; a tenth of the people when not given.")
    var organisations: Int?

    @Option(help: "Another seed makes other data.")
    var seed: UInt64 = 1

    func validate() throws {
        guard people >= 0, people <= 100_000_000, (0...100_000_000).contains(organisations ?? 0) else {
            throw ValidationError("--people and --organisations take 0 to 100,000,000")
        }
    }

    func run() async throws {
        try await reportingFailures {
            let deployment = try options.load()
            guard let personType = deployment.catalog.type(collection: "people"),
                let organisationType = deployment.catalog.type(collection: "organisations")
            else { throw Failure(.wrongInput, "this deployment has no people and organisations to seed; add the module contacts") }
            let counts = (organisations: organisations ?? people / 10, people: people)
            let rows = SeedRows(seed: seed, organisations: counts.organisations)
            try await DirectStore.with(options, deployment: deployment) { store in
                let changeSet = ChangeSet(id: .version7(), label: "seed \(counts.people) people")
                let filler = SeedFiller(store: store, changeSet: changeSet)
                try await filler.fill(organisationType, 0..<rows.parents, rows.organisation)
                try await filler.fill(organisationType, rows.parents..<counts.organisations, rows.organisation)
                try await filler.fill(personType, 0..<counts.people, rows.person)
                try await store.refreshStatistics(of: [organisationType, personType])
            }
        }
    }
}

/// Writes made-up rows in batches, with two on their way at a time, and shows how far it is.
struct SeedFiller {
    private static let batch = 1000

    let store: RecordStore
    let changeSet: ChangeSet

    func fill(_ type: RecordType, _ numbers: Range<Int>, _ row: @escaping @Sendable (Int) -> RecordInput) async throws {
        guard !numbers.isEmpty else { return }
        var progress = Progress(label: type.labelPlural.lowercased(), total: numbers.count)
        try await withThrowingTaskGroup(of: Int.self) { group in
            var start = numbers.lowerBound
            let end = numbers.upperBound
            for _ in 0..<2 where start < end { start = add(type, start..<end, row, to: &group) }
            while let done = try await group.next() {
                progress.advance(by: done)
                if start < end { start = add(type, start..<end, row, to: &group) }
            }
        }
        progress.finish()
    }

    private func add(
        _ type: RecordType, _ numbers: Range<Int>, _ row: @escaping @Sendable (Int) -> RecordInput,
        to group: inout ThrowingTaskGroup<Int, any Error>
    ) -> Int {
        let batch = numbers.prefix(Self.batch)
        group.addTask {
            let outcomes = try await store.create(
                type, batch.map(row), options: WriteOptions(changeSet: changeSet, mode: .atomic), access: .commandLine)
            // All of them failed when one did; the one to blame is the one that wasn't merely undone.
            let errors = outcomes.compactMap { if case .failed(let error) = $0 { error } else { nil } }
            if let cause = errors.first(where: { $0.code != .undone }) ?? errors.first {
                if cause.code == .notUnique {
                    throw Failure(.wrongInput, "the data of this --seed are there already; another seed makes others, such as --seed 2")
                }
                throw Failure(.wrongInput, "row of \(type.collection): \(cause)")
            }
            return batch.count
        }
        return batch.upperBound
    }
}
