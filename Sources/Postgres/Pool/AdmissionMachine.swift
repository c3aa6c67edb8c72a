/// Decides when a statement of unknown cost may ask for a connection: so many run at once as the database's machine can really work on, the
/// others wait in the order they came. A statement that turns out to be long gives its place up after a while, so that a few slow ones hold
/// nobody back for longer than that. Pure: it is told what happened and when.
///
/// Sixteen backends on two processors answer no sooner than four do, but each answer's time is then the scheduler's choice: of a list that takes
/// 13 ms at the median, every twentieth took 30.
struct AdmissionMachine<Waiter> {
    typealias Instant = ContinuousClock.Instant
    /// A place, of which each admission has another.
    typealias Place = UInt64

    /// Places; nil admits everyone at once.
    private var room: Int?
    /// How long a statement keeps its place.
    private let youth: Duration
    private var held = RingBuffer<Waiter>()
    /// In the order of admission, so the oldest is in front. Those that left in between are not in `young` any more.
    private var order = RingBuffer<(place: Place, until: Instant)>()
    private var young: Set<Place> = []
    private var last: Place = 0

    init(room: Int?, youth: Duration) {
        self.room = room.map { max(1, $0) }
        self.youth = youth
    }

    /// Everyone may go on from now: whoever waits already is still served when the client closes.
    mutating func open() { room = nil }

    var heldCount: Int { held.count }

    mutating func arrive(_ waiter: Waiter) { held.append(waiter) }

    /// The next one that may go on, with the place to give back when it has ended.
    mutating func admitted(now: Instant) -> (Waiter, Place)? {
        guard room.map({ young.count < $0 }) ?? true, let waiter = held.popFirst() else { return nil }
        last += 1
        if room != nil {
            young.insert(last)
            order.append((last, now + youth))
        }
        return (waiter, last)
    }

    mutating func ended(_ place: Place) {
        young.remove(place)
        while let first = order.first, !young.contains(first.place) { _ = order.popFirst() }
    }

    /// Takes the places of those that are young no more.
    mutating func tick(now: Instant) {
        while let first = order.first, first.until <= now || !young.contains(first.place) {
            _ = order.popFirst()
            young.remove(first.place)
        }
    }

    /// When `tick` frees a place that somebody waits for.
    var deadline: Instant? { held.isEmpty ? nil : order.first?.until }
}
