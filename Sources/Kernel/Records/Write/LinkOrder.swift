import QueryLanguage

/// Orders the new records of one batch that link to one another: those linked to come before those that link to them, so that a batch may
/// be cut into several statements.
struct LinkOrder {
    /// Records whose targets within the batch come before them.
    private(set) var ordered: [WriteDraft] = []
    /// Records in circles of links, and those that link to them: only one statement can store them.
    private(set) var circles: [WriteDraft] = []

    init(_ drafts: [WriteDraft]) {
        guard drafts.contains(where: { !$0.linksWithin.isEmpty }) else {
            ordered = drafts
            return
        }
        let positions = Dictionary(drafts.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        var missing = drafts.map { draft in draft.linksWithin.count { $0 != draft.id && positions[$0] != nil } }
        var followers: [[Int]] = Array(repeating: [], count: drafts.count)
        for (position, draft) in drafts.enumerated() {
            for id in draft.linksWithin where id != draft.id {
                if let target = positions[id] { followers[target].append(position) }
            }
        }
        var ready = drafts.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < ready.count {
            for follower in followers[ready[next]] {
                missing[follower] -= 1
                if missing[follower] == 0 { ready.append(follower) }
            }
            next += 1
        }
        ordered = ready.map { drafts[$0] }
        circles = drafts.indices.filter { missing[$0] > 0 }.map { drafts[$0] }
    }
}
