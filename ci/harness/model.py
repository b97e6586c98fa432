"""What a client knows of its objects: what was acknowledged, and what was not answered.

An unanswered request may have been carried out or not, but never by half. Each client has a
connection and objects of its own, and one request under way at a time."""
import kmip

class Key:
    """name; key (bytes, of a registered one); state; custom attributes by name."""

    def __init__(self, name, key, custom):
        self.name, self.key, self.custom = name, key, dict(custom)
        self.uid, self.state, self.named = None, kmip.PRE_ACTIVE, 0

    def copy(self):
        other = Key(self.name, self.key, self.custom)
        other.uid, other.state, other.named = self.uid, self.state, self.named
        return other

    def facts(self):
        return {'State': self.state, 'Name': self.name, 'Cryptographic Length': 128, **self.custom}


class Client:
    """Makes requests at random (`rng`) until the connection ends."""

    def __init__(self, number, rng):
        self.number, self.rng = number, rng
        self.keys, self.made, self.acknowledged = [], 0, 0
        self.before = self.after = None  # of the key whose request is unanswered
        self.touched = []

    # Each returns the requests (one Undo batch) and changes `k` as they will have.

    def create(self, k):
        return [kmip.create(kmip.named(k.name), *(kmip.custom(*c) for c in k.custom.items()))]

    def register(self, k):
        return [kmip.register(k.key, kmip.named(k.name),
                              *(kmip.custom(*c) for c in k.custom.items()))]

    def make_active(self, k):
        k.state = kmip.ACTIVE
        return [*(self.register(k) if k.key else self.create(k)), kmip.simple(kmip.ACTIVATE)]

    def activate(self, k):
        k.state = kmip.ACTIVE
        return [kmip.simple(kmip.ACTIVATE, k.uid)]

    def revoke(self, k):
        k.state = kmip.DEACTIVATED
        return [kmip.revoke(k.uid)]

    def destroy(self, k):
        k.state = kmip.DESTROYED
        return [kmip.simple(kmip.DESTROY, k.uid)]

    def end(self, k):
        return [*self.revoke(k), *self.destroy(k)]

    def add(self, k):
        k.named += 1  # a name that was deleted would have another Attribute Index
        name = f'x-{k.named}'
        k.custom[name] = self.word()
        return [kmip.simple(kmip.ADD_ATTRIBUTE, k.uid, kmip.custom(name, k.custom[name]))]

    def modify(self, k):
        name = self.rng.choice(sorted(k.custom))
        k.custom[name] = self.word()
        return [kmip.simple(kmip.MODIFY_ATTRIBUTE, k.uid, kmip.custom(name, k.custom[name]))]

    def delete(self, k):
        name = self.rng.choice(sorted(k.custom))
        del k.custom[name]
        return [kmip.simple(kmip.DELETE_ATTRIBUTE, k.uid, kmip.text(kmip.NAME_OF, name))]

    def word(self):
        return f'{self.rng.getrandbits(64):x}' * self.rng.choice((1, 1, 1, 60))

    def new_key(self):
        self.made += 1
        custom = {'x-a': self.word()} if self.rng.random() < 0.5 else {}
        key = self.rng.randbytes(16) if self.rng.random() < 0.5 else None
        return Key(f'durable-{self.number}-{self.made}', key, custom)

    def choose(self):
        """A key as it is, the same as it will be, and the requests that make it so."""
        alive = [k for k in self.keys[-40:] if k.state < kmip.DESTROYED]
        if not alive or self.rng.random() < 0.35:
            after = self.new_key()
            make = self.make_active if self.rng.random() < 0.3 else \
                self.register if after.key else self.create
            return None, after, make(after)
        before = self.rng.choice(alive)
        ways = [self.modify, self.delete] if before.custom else []
        ways += [self.add] if len(before.custom) < 4 else []
        ways += {kmip.PRE_ACTIVE: [self.activate, self.destroy], kmip.ACTIVE: [self.revoke, self.end],
                 kmip.DEACTIVATED: [self.destroy]}[before.state]
        after = before.copy()
        return before, after, self.rng.choice(ways)(after)

    def step(self, connection):
        self.before, self.after, requests = self.choose()
        answers = connection.request(requests, option=3 if len(requests) > 1 else None)
        wrong = next((str(a) for a in answers if not a.ok), None)
        if wrong or len(answers) != len(requests):
            raise AssertionError(f'{self.after.name}: {wrong}')
        self.after.uid = answers[0].uid
        self.settle(True)
        self.acknowledged += 1

    def settle(self, done):
        """The request under way was carried out, or not."""
        if self.before and done:
            self.keys[self.keys.index(self.before)] = self.after
        elif not self.before and done:
            self.keys.append(self.after)
        if done:
            self.touched.append(self.after)
        self.before = self.after = None
