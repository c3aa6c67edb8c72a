import Catalog
import Postgres
import QueryLanguage

/// Keeps changed links from closing a loop where the manifest allows none (docs/decisions/0021-links-without-loops.md).
///
/// Whoever gives a record another link of the kind waits for the turn before any row is locked, so that nobody waits for somebody who waits for
/// them; when the link is set, it is followed up. A statement that sets no such link, or empties it, has nothing of this.
struct LoopGuard {
    private let type: RecordType
    /// The columns of links that some draft sets.
    let columns: [String]

    init(_ drafts: [WriteDraft], of type: RecordType) {
        self.type = type
        columns = type.acyclicLinks.map { "\($0.key)_id" }.filter { column in
            drafts.contains { if case .guid? = $0.columns[column] { true } else { false } }
        }
    }

    /// Common table expressions that wait for the turn where a link of `input` differs from what is stored, with a comma before each.
    var turns: SQL {
        var sql = SQL()
        for (position, column) in columns.enumerated() {
            let link = [column].quotedList
            sql += """
                , turn\(raw: String(position)) AS MATERIALIZED (SELECT tessera.link_turn(\(raw: arguments(column))) WHERE EXISTS (\
                SELECT FROM input i JOIN \(raw: type.table.sql) t ON t.id = i.id \
                WHERE i.\(raw: link) IS NOT NULL AND t.\(raw: link) IS DISTINCT FROM i.\(raw: link)))
                """
        }
        return sql
    }

    /// Holds, once the turn has come. Nil when there is nothing to wait for.
    var hasTurns: SQL? { conditions { "(SELECT count(*) FROM turn\($0)) >= 0" } }

    /// Common table expressions over `old` and `rec`, the rows before and after, that follow changed links up, with a comma before each. All rows
    /// are changed before the first is followed.
    var walks: SQL {
        var sql = SQL()
        for (position, column) in columns.enumerated() {
            let link = [column].quotedList
            sql += """
                , walk\(raw: String(position)) AS MATERIALIZED (SELECT tessera.no_loops(\(raw: arguments(column)), array_agg(r.id)) AS fine \
                FROM rec r JOIN old o ON o.id = r.id WHERE r.\(raw: link) IS DISTINCT FROM o.\(raw: link) AND r.\(raw: link) IS NOT NULL)
                """
        }
        return sql
    }

    /// Holds, or fails with `DatabaseSignal.loop`. Nil when nothing has to be followed.
    var areNone: SQL? { conditions { "(SELECT fine FROM walk\($0))" } }

    private func conditions(_ text: (Int) -> String) -> SQL? {
        guard !columns.isEmpty else { return nil }
        return SQL("\(raw: columns.indices.map(text).joined(separator: " AND "))")
    }

    private func arguments(_ column: String) -> String {
        [type.table.schema, type.table.name, column].map(SQL.quoted(literal:)).joined(separator: ", ")
    }
}

extension WritePreparation {
    /// Refuses new records in a loop of links that may have none. No stored record links to a new one, so that only they can close it.
    func refuseLoops(in drafts: inout [WriteDraft]) {
        for field in type.acyclicLinks {
            var targets: [GUID: GUID] = [:]
            for draft in drafts {
                if case .guid(let target)? = draft.columns["\(field.key)_id"] { targets[draft.id] = target }
            }
            let members = LinkLoop.members(targets)
            for index in drafts.indices where members.contains(drafts[index].id) {
                drafts[index].problems.append(LinkLoop.refusal(field, type))
            }
        }
    }
}

enum LinkLoop {
    static let code = "records.link_loop"

    /// The records to which their own links lead back, each of which has one link at most.
    static func members(_ targets: [GUID: GUID]) -> Set<GUID> {
        var members: Set<GUID> = []
        /// The walk that came by a record first.
        var walks: [GUID: Int] = [:]
        for (walk, start) in targets.keys.enumerated() {
            var here = start
            while walks[here] == nil, let next = targets[here] {
                walks[here] = walk
                here = next
            }
            // A walk that ends at a record of its own has gone round once.
            guard walks[here] == walk else { continue }
            while members.insert(here).inserted, let next = targets[here] { here = next }
        }
        return members
    }

    /// - Parameter field: nil where its name may not be told.
    static func refusal(_ field: Field?, _ type: RecordType) -> RecordsError.Detail {
        let label = type.label.lowercased()
        return RecordsError.Detail(
            code: code, target: field?.key,
            message:
                "\(field?.label ?? "A link") leads back to this \(label) itself (deleted ones count): choose another \(label), or first change "
                + "the link of one in between.")
    }
}

extension RecordsError {
    /// A link that may have no loop would close one.
    static func loop(of field: Field?, _ type: RecordType) -> RecordsError {
        let refusal = LinkLoop.refusal(field, type)
        return RecordsError(.invalid, refusal.message, target: refusal.target, details: [refusal])
    }
}
