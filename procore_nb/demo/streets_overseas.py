"""Real streets of cities in the British Isles, Australia, New Zealand and the Gulf; written like `places_americas`."""

OVERSEAS = """
London|ENG|GB|Greater London|London|Europe/London
 Holloway Road|51.5560|-0.1180|N7 6PN
 Walworth Road|51.4880|-0.0960|SE17 1JE
 Uxbridge Road|51.5070|-0.2500|W12 9RA
 Mile End Road|51.5230|-0.0420|E1 4NS
Manchester|ENG|GB|Greater Manchester|London|Europe/London
 Oxford Road|53.4650|-2.2330|M13 9PL
 Oldham Road|53.4930|-2.2130|M40 5BJ
Birmingham|ENG|GB|West Midlands|London|Europe/London
 Stratford Road|52.4560|-1.8680|B11 1RA
 Soho Road|52.4990|-1.9290|B21 9LX
Leeds|ENG|GB|West Yorkshire|London|Europe/London
 Otley Road|53.8220|-1.5790|LS6 3AA
Bristol|ENG|GB|Bristol|London|Europe/London
 Gloucester Road|51.4750|-2.5900|BS7 8AE
Cardiff|WLS|GB|Cardiff|London|Europe/London
 Heol y Gadeirlan|51.4860|-3.1960|CF11 9LL
 City Road|51.4890|-3.1650|CF24 3DJ
Edinburgh|SCT|GB|City of Edinburgh|Edinburgh|Europe/London
 Gorgie Road|55.9370|-3.2350|EH11 2NL
Glasgow|SCT|GB|Glasgow City|Edinburgh|Europe/London
 Duke Street|55.8580|-4.2200|G31 1PZ
 Maryhill Road|55.8830|-4.2790|G20 7XS
Belfast|NIR|GB|Belfast|London|Europe/London
 Lisburn Road|54.5800|-5.9540|BT9 7GP
Dublin|D|IE|Dublin|Dublin|Europe/Dublin
 South Circular Road|53.3330|-6.2880|D08 T9H2
 Drumcondra Road|53.3660|-6.2560|D09 X5F1
Cork|CO|IE|Cork|Dublin|Europe/Dublin
 Magazine Road|51.8920|-8.4960|T12 Y9K3
Galway|G|IE|Galway|Dublin|Europe/Dublin
 Tuam Road|53.2850|-9.0350|H91 E4R2
Sydney|NSW|AU|City of Sydney|Sydney|Australia/Sydney
 King Street|-33.8970|151.1800|2042
 Parramatta Road|-33.8840|151.1560|2040
 Church Street|-33.8120|151.0040|2150
Melbourne|VIC|AU|City of Melbourne|Melbourne|Australia/Melbourne
 Sydney Road|-37.7670|144.9620|3056
 Swan Street|-37.8260|144.9980|3121
 Barkly Street|-37.7990|144.8960|3011
Brisbane|QLD|AU|City of Brisbane|Brisbane|Australia/Brisbane
 Logan Road|-27.5020|153.0440|4120
 Gympie Road|-27.3860|153.0310|4032
Perth|WA|AU|City of Perth|Perth|Australia/Perth
 Beaufort Street|-31.9310|115.8730|6050
 Albany Highway|-31.9830|115.9050|6101
Adelaide|SA|AU|City of Adelaide|Adelaide|Australia/Adelaide
 Goodwood Road|-34.9520|138.5900|5034
Canberra|ACT|AU|Canberra|Canberra|Australia/Sydney
 Northbourne Avenue|-35.2590|149.1330|2612
Auckland|AUK|NZ|Tāmaki Makaurau|Auckland|Pacific/Auckland
 Dominion Road|-36.8870|174.7480|1024
 Great South Road|-36.9470|174.8430|1062
Dubai|DU|AE|Dubai|Abu Dhabi|Asia/Dubai
 Al Wasl Road|25.1880|55.2480|
 Sheikh Mohammed bin Zayed Road|25.1250|55.3900|
 Al Qusais Industrial 2nd Street|25.2850|55.3830|
Abu Dhabi|AZ|AE|Abu Dhabi|Abu Dhabi|Asia/Dubai
 Muroor Road|24.4560|54.3870|
 Musaffah 10th Street|24.3590|54.5050|
Doha|DA|QA|Doha|Kuwait|Asia/Qatar
 Salwa Road|25.2560|51.4650|
 Al Rayyan Road|25.2930|51.4900|
Riyadh|01|SA|Riyadh|Riyadh|Asia/Riyadh
 Olaya Street|24.7000|46.6840|12213
 King Abdullah Road|24.7330|46.6900|12431
Muscat|MA|OM|Muscat|Muscat|Asia/Muscat
 Dohat al Adab Street|23.5830|58.3900|112
"""
