import ArgumentParser
import Catalog
import Manifests
import Permissions
import Principals
import QueryLanguage
import Records

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why things are as they are.",
        discussion: """
            Reads the deployment's database and changes nothing.

              tessera explain access people 01a20b40-d628-796b-9feb-3720c3d32cfe --user anna@example.com
            """,
        subcommands: [Access.self])

    struct Access: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Why somebody may see or change a record, or may not; without --user, who may see it.",
            discussion: """
                For each action the decision, and what each role says that the person holds: its scope, and what makes it cover the record.
                Of a detail, whose rights come from another record, it is said of that one.

                  tessera explain access people 01a20b40-d628-796b-9feb-3720c3d32cfe --user anna@example.com
                  tessera explain access people 01a20b40-d628-796b-9feb-3720c3d32cfe
                """)

        @OptionGroup var options: DeploymentOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The record's collection.") var collection: String
        @Argument(help: "The record's id.") var id: String
        @Option(help: ArgumentHelp("About whom.", valueName: "name, mail address or id")) var user: String?

        func run() async throws {
            try await reportingFailures {
                guard let record = GUID(id) else { throw Failure(.wrongInput, "'\(id)' is no id of a record") }
                let deployment = try options.load()
                let type = try ListQuery.type(collection: collection, catalog: deployment.catalog)
                let lines = try await Database.with(options, logger: CommandLog.quiet) { database in
                    try await deployment.requireSchema(on: database.client)
                    let records = RecordStore(client: database.client, catalog: deployment.catalog, logger: CommandLog.quiet)
                    let store = PrincipalStore(records: records)
                    guard let user else {
                        let readers = try await store.readers(of: record, in: type)
                        if output.isJSON {
                            return [Value.collection(readers.map { .complex(["id": .guid($0.id), "name": .string($0.name)]) }).json]
                        }
                        return readers.map { "\($0.id)  \($0.name)" }
                    }
                    let principal = try await store.find(user, [.user, .service]).id
                    let explanations = try await store.explain(record, in: type, for: principal)
                    if output.isJSON { return [Value.collection(explanations.map(\.value)).json] }
                    let names = try await store.directory().principals
                    return explanations.flatMap { $0.lines { id in names[id]?.name ?? "\(id)" } }
                }
                for line in lines { Console.print(line) }
            }
        }
    }
}

extension AccessExplanation {
    /// As people read it.
    ///
    /// - Parameter name: of a user or team.
    func lines(_ name: (GUID) -> String) -> [String] {
        var lines = ["\(action.rawValue): \(isAllowed ? "yes" : "no")"]
        for source in sources { lines.append("  as \(source.action.rawValue) of \(source.type)\(source.record.map { " \($0)" } ?? "")") }
        if reasons.isEmpty { lines.append("  no role says anything about this type") }
        for reason in reasons {
            let held = reason.team.map { " (in \(name($0)))" } ?? ""
            let because: String =
                switch reason.ground {
                case .everything: "covers everybody's"
                case .owner: "covers it: they own it"
                case .team(let team): "covers it: its owner is in \(name(team))"
                case .rule(let id): "covers it: \(id) is true of it"
                case .shared(let grantee, let level): "covers it: shared with \(name(grantee)) to \(level.name)"
                case nil: "doesn't cover it"
                }
            let origin = reason.origin == .api ? " (made over the API)" : ""
            lines.append("  \(reason.role)\(origin)\(held): \(reason.scope.rawValue), \(because)")
        }
        for limit in limits { lines.append("  but \(limit) isn't true of it") }
        if !isAllowed, isUnreadable, action != .read, reasons.contains(where: { $0.ground != nil }) {
            lines.append("  but it can't be read")
        }
        if action == .read, !hiddenFields.isEmpty { lines.append("  without \(hiddenFields.joined(separator: ", "))") }
        return lines
    }
}
