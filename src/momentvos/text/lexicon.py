"""Word lists of the rule tagger."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS = _words("""
    accelerate accompany adjust advance aim alight alternate amble appear approach arch arrive
    ascend assemble attach attack avoid backtrack balance bark barrel beat become beg begin bend
    bite blink bob bolt bounce bow brake breathe bring browse brush bump burrow burst bury carry
    cartwheel cast catch cavort change charge chase chew circle clap claw clean clear climb cling
    close collapse collide come compete connect continue contract convert cook cough crane crash
    crawl creep cross crouch curl cut dance dangle dart dash decelerate deflate depart descend dig
    dip disappear disperse dive dodge drag draw drift drink drive drop dunk eat edge embrace
    emerge emit encircle end enlarge enter escape examine exchange exercise exit expand explore
    extend face fade fall feed fetch fight find finish flap flee flick flinch flip flit float
    flock flow flutter fly follow forage frolic gallop gather gaze get glance glide gnaw go grab
    graze greet grind grip groom grow guide halt hand hang hasten head hide hit hobble hold hop
    hover huddle hug hunt hurry hurtle ignite inch inflate inspect interact intersect jerk jiggle
    jog join jostle juggle jump keep kick kiss kneel knock lag land lay lead lean leap leave lick
    lie lift limp linger lob look loop lower lunge lurch lurk make march marry meander meet merge
    mount move navigate nestle nibble nod nudge nuzzle observe occupy open orbit oscillate outpace
    outrun overtake pace pack paddle pant park pass pat pause paw peck pedal peek peel perch
    perform pet pick pirouette pitch pivot place play plod plunge point poke pop pose position
    pounce practice prance precede prepare press proceed produce progress prowl pull punch pursue
    push put race raise re-enter reach reappear rear recede receive recline recoil recover reel
    reenter relax remain remove repeat rest resume retreat retrieve return reverse revolve ride
    rip ripple rise roam rock roll rotate rove rub run rush sail salute sashay saunter scale
    scamper scatter scoot scramble scratch scurry scuttle see seek seem seize sell separate serve
    settle shadow shake shift shiver shoot shout shove show shrink shrivel shrug shuffle shut
    shuttle sidestep sing sink sip sit skate skateboard ski skid skip slam sled sleep slide slip
    slither slow smash smell smile sneak sniff snowboard snuggle soar somersault spar speak speed
    spin spiral splash split sprawl spread spring sprint squat squeeze squirm stagger stalk stall
    stand stare start startle stay steer step stick sting stomp stoop stop straighten stray
    stretch stride stroke stroll struggle strut stumble submerge subside surf surface surge
    surpass surround swap sway sweep swell swerve swim swing swipe swirl switch swivel swoop take
    talk tap taxi tear tease throw thrust tilt tip tiptoe topple toss totter touch tour tow track
    trade trail train transform travel traverse tread tremble trot trudge trundle try tug tumble
    turn twirl twist unfold vanish vault veer vibrate visit waddle wade wag wait walk wander want
    watch wave weave wheel whip whirl whiz wiggle wipe withdraw wobble work wrap wrestle wriggle
    yank yawn zigzag zip zoom
""")
"""Base forms. Many are nouns as well; see ``NOUNS_TOO`` and the rules."""

PURE = _words("""
    accompany appear arrive ascend assemble attach avoid become begin bounce bring carry chase
    chew clap climb cling close collide come continue cross depart descend disappear disperse eat
    embrace emerge encircle enlarge enter escape exit expand explore extend fall find flee follow
    gather get go grab graze grow hang hide hold hop hover jiggle join keep kneel lead lean leap
    leave lick lie lift make meander meet merge move navigate nod observe occupy open orbit
    oscillate outpace outrun overtake pass perch perform pounce prance precede proceed pull pursue
    push reach reappear recede receive recline reenter remain remove resume retrieve revolve rise
    rotate run scamper scurry scuttle see seek seem seize separate shake shrink sing sink sit
    sleep slither sniff soar speak stagger stand stay straighten stretch stumble submerge surpass
    surround swell swim swoop take tear throw topple travel traverse tremble tumble turn twirl
    vanish veer vibrate waddle walk wander watch weave wiggle withdraw wobble wriggle
""")
"""Verbs whose plain and -s forms are verbs wherever no article, adjective or the like precedes."""

NAMES = _words("""
    ball bark bat bear bob bow crane duck face flock fly hand hawk head land lead mount pack
    paddle park paw pet pitch place ram rock scale seal shadow skateboard ski sled snowboard
    spring stick surface swallow tap tip track trail train watch wheel
""")
"""Verbs that are more often nouns: they count as nouns without a clear sign of a verb."""

AUXILIARIES = _words("""
    'd 'll 'm 're 's am are aren't be been being can can't cannot could couldn't he's i'm is isn't
    it's let's may might must mustn't ought shall she's should shouldn't that's there's they're
    was wasn't we're were weren't what's which's who's will won't would wouldn't you're
""")
BE = _words("be am is are was were been being isn't aren't wasn't weren't")
HAVE = _words("have has had having haven't hasn't hadn't 've they've")
DO = _words("do does did don't doesn't didn't doing done")

PAST = {
    "arise": "arose arisen", "beat": "beat beaten", "become": "became", "begin": "began begun",
    "bend": "bent", "bite": "bit bitten", "blow": "blew blown", "break": "broke broken",
    "bring": "brought", "burst": "burst", "catch": "caught", "cling": "clung", "come": "came",
    "creep": "crept", "cut": "cut", "dig": "dug", "dive": "dove", "draw": "drew drawn",
    "drink": "drank drunk", "drive": "drove driven", "eat": "ate eaten", "fall": "fell fallen",
    "feed": "fed", "fight": "fought", "find": "found", "flee": "fled", "fly": "flew flown",
    "get": "got gotten", "go": "went gone", "grind": "ground", "grow": "grew grown",
    "hang": "hung", "hide": "hid hidden", "hit": "hit", "hold": "held", "keep": "kept",
    "kneel": "knelt", "lay": "laid", "lead": "led", "lean": "leant", "leap": "leapt",
    "leave": "left", "lie": "lay lain", "make": "made", "meet": "met",
    "overtake": "overtook overtaken", "outrun": "outran", "put": "put", "ride": "rode ridden",
    "rise": "rose risen", "run": "ran", "see": "saw seen", "seek": "sought", "sell": "sold",
    "shake": "shook shaken", "shoot": "shot", "show": "shown", "shrink": "shrank shrunk shrunken",
    "shut": "shut", "sing": "sang sung", "sink": "sank sunk", "sit": "sat", "sleep": "slept",
    "slide": "slid", "speak": "spoke spoken", "speed": "sped", "spin": "spun", "split": "split",
    "spread": "spread", "spring": "sprang sprung", "stand": "stood", "stick": "stuck",
    "sting": "stung", "stride": "strode", "strike": "struck", "sweep": "swept", "swell": "swollen",
    "swim": "swam swum", "swing": "swung", "take": "took taken", "tear": "tore torn",
    "throw": "threw thrown", "thrust": "thrust", "tread": "trod trodden", "weave": "wove woven",
    "wear": "wore worn", "withdraw": "withdrew withdrawn",
}  # fmt: skip
"""Irregular past tenses and participles."""

UNSURE_PAST = _words(
    "left found ground saw rose cut hit shot shut split spread thrust beat burst put lay bit dove "
    "drunk woven torn worn broken swollen hidden bent spring shrunken"
)
"""Past forms that are as often something else: verbs only after a sign of one."""

NOT_ING = _words("""
    anything bring building buildings ceiling ceilings cling clothing duckling during earring
    evening everything fling gosling inkling interesting king lightning morning nothing painting
    ping pudding railing ring sibling sing sling something spring sting stocking stockings string
    swing thing viking wedding wing wingspan wring
""")
NOT_ED = _words("""
    aged bearded bed bobsled bred breed checked checkered colored coloured crooked detailed
    excited fed feed fled freckled hooded horned hundred indeed led multicolored multicoloured
    naked need ragged red reed rugged sacred seabed seed shed sled sped speed spotted steed
    striped talented tired unified wed weed wicked wooded
""")

RELATIVES = _words("that which who whom what where")
SUBJECTS = _words("he she it they we i you both one ones each")
DETERMINERS = _words("""
    a all an another any eight either eleven every few five four half her his its many my neither
    nine no only our seven several six some ten the their these this those three twelve two whole
    your
""")
PREPOSITIONS = _words("""
    about above across against along among amongst around at behind below beside besides between
    beyond by despite down except for from in inside into like near of off on onto out outside
    over past per through toward towards under underneath up upon via with within without
""")
COORDINATORS = _words("and or but then while when as before after until till once if since nor")
ADVERBS = _words("""
    afterward afterwards again all almost already also always anticlockwise apart around aside
    away back backward backwards barely both clockwise closer constantly continuously
    counter-clockwise counterclockwise currently diagonally down downhill downward downwards
    eventually far fast finally first forward forwards further halfway hardly here in initially
    instead just last later left meanwhile more most n't nearly never next not now off often on
    once only out over quickly quite rather right second sideways simultaneously slowly sometimes
    soon still straight suddenly there together too twice up uphill upward upwards very
""")
ADJECTIVES = _words("""
    adult angry baby back beautiful big bigger biggest black blue bottom bright brown central
    closest cold cute dark deep different dry empty farthest fast faster fastest fat female final
    first fluffy front full furry golden gray green grey hairy happy heavy high hot huge large
    larger largest last left leftmost light little lone long loud low lower main male metal middle
    narrow nearest new next old orange other pale pink plastic purple quick quiet rear red right
    rightmost round sad same second sharp short silver single slow slower slowest small smaller
    smallest square sudden tall taller tallest thick thin third tiny top topmost upper visible wet
    white wide wild wooden yellow young
""")
PLURALS = _words("""
    birds cacti cattle children deer dice feet fish geese men mice oxen people police sheep teeth
    women
""")

REQUESTS = _words("""
    detect find give ground highlight identify locate mark mask outline point segment select show
    spot track where
""")
"""Words that open a request to the model; they tell nothing about motion."""

SINGULAR = _words("a an another each either every neither one")
SEVERAL = _words("all both few many multiple numerous several these those various")
NUMERALS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
"""Words before a noun that say how many."""

THIRD_SINGULAR = _words("'s does doesn't has hasn't is isn't that's wasn't was which's who's")
THIRD_PLURAL = _words("are aren't do don't have haven't were weren't")

COLLECTIVES = _words("""
    band bunch couple crowd family flock group herd line lot number pack pair row set swarm team
    trio
""")
"""Collective nouns: one word for several objects."""

EITHER_NUMBER = _words("""
    aircraft anything binoculars deer everyone everything fish glasses jeans pants salmon scissors
    series sheep shorts shrimp species they trousers
""")
"""Nouns that are the same for one and for several, or look like several and are one."""

PLACES = _words("""
    air camera distance foreground front frame image left middle picture place rear right scene
    screen side top video view way
""")
"""Nouns of places and of the video itself, which name no second object."""
